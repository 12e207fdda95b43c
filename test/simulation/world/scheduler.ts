/**
 * Virtual time: events in order of their instant, then of their making. An event has run when everything that it
 * set off has come to rest: all that this process can do without the next one.
 */

export interface Event {
  cancel(): void;
}

export interface Scheduler {
  /** True time, ms UTC. */
  readonly now: number;
  /** How many events have run. */
  readonly events: number;
  at(delayMs: number, label: string, callback: () => void): Event;
  /** Something real is under way (a signature in a thread): no event runs until it is done, one at a time. */
  hold<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Aborts at the end of the world: what then still waits, also of killed processes, waits no more and is forgotten. */
  readonly over: AbortSignal;
  end(): void;
  /** Runs until `isOver` says so or nothing is left. @returns whether `isOver` did */
  run(isOver: () => boolean): Promise<boolean>;
}

interface Entry extends Event {
  at: number;
  order: number;
  label: string;
  callback: (() => void) | undefined;
}

const isBefore = (left: Entry, right: Entry): boolean =>
  left.at < right.at || (left.at === right.at && left.order < right.order);

/** How many turns of the event loop are asked for at once: each lets the microtasks of the one before run out. */
const turnsAtOnce = 512;

/** @param afterEvent sees the world at rest after each event */
export function createScheduler(
  startMs: number,
  afterEvent: (label: string, now: number) => void,
): Scheduler {
  const heap: Entry[] = [];
  let now = startMs;
  let order = 0;
  let events = 0;
  let held = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let last: string | undefined;
  const over = new AbortController();

  function push(entry: Entry): void {
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  function pop(): Entry | undefined {
    const first = heap[0];
    const moved = heap.pop();
    if (!first || !moved || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, moved)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = moved;
    return first;
  }

  function nextEvent(): Entry | undefined {
    for (;;) {
      const entry = pop();
      if (!entry || entry.callback) return entry;
    }
  }

  /** One event, once the one before has come to rest. */
  function step(isOver: () => boolean): boolean | undefined {
    if (held > 0) return undefined;
    if (last !== undefined) afterEvent(last, now);
    last = undefined;
    if (isOver()) return true;
    const entry = nextEvent();
    if (!entry) return false;
    now = entry.at;
    events += 1;
    last = entry.label;
    const { callback } = entry;
    entry.callback = undefined;
    callback!();
    return undefined;
  }

  return {
    get now() {
      return now;
    },
    get events() {
      return events;
    },
    at(delayMs, label, callback) {
      const entry: Entry = {
        at: now + Math.max(0, Math.ceil(delayMs)),
        order: (order += 1),
        label,
        callback,
        cancel() {
          entry.callback = undefined;
        },
      };
      push(entry);
      return entry;
    },
    over: over.signal,
    end: () => over.abort(new Error("the world has ended")),
    hold(work) {
      held += 1;
      const mine = turn.then(work).finally(() => (held -= 1));
      turn = mine.catch(() => undefined);
      return mine;
    },
    run: (isOver) =>
      new Promise((resolve, reject) => {
        let isDone = false;
        const take = (isLast: boolean) => {
          if (isDone) return;
          try {
            const ending = step(isOver);
            if (ending !== undefined) {
              isDone = true;
              resolve(ending);
            } else if (isLast) queue();
          } catch (error) {
            isDone = true;
            reject(error as Error);
          }
        };
        const queue = () => {
          for (let left = turnsAtOnce; left > 0; left -= 1) setImmediate(take, left === 1);
        };
        queue();
      }),
  };
}
