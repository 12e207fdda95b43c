/**
 * A machine and the process that runs on it. What the process does to the outside goes through `reach`: there it may
 * be killed, and from then on nothing that is left of it has any effect.
 */
import type { Clock } from "../../../src/base/clock.ts";
import type { SeededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** Unwinds whatever a killed process was about to do. */
export class Killed extends Error {
  constructor() {
    super("the process was killed");
  }
}

/** A process that is killed in one of its timers ends there, and nothing else does. */
function unlessKilled(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}

export interface Process {
  readonly name: string;
  readonly isAlive: boolean;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** The process touches the outside here. @throws Killed where it ends here, or has ended */
  reach(point: string): void;
  /** Calls `callback` should the process die. @returns forgets it */
  onDeath(callback: () => void): () => void;
}

export interface Machine {
  readonly name: string;
  readonly process: Process | undefined;
  /** Starts a process, unless one runs. */
  boot(): void;
  /** SIGKILL, now. */
  kill(): void;
  /** Stops it for good: nobody starts it again by itself. */
  halt(): void;
  /** SIGKILL at the `count`-th time from now that its process touches the outside. */
  killAt(count: number): void;
  /** It is not killed after all. */
  spare(): void;
}

export interface MachineParts {
  name: string;
  scheduler: Scheduler;
  random: SeededRandom;
  /** How far its wall clock is off, ms. */
  skewMs: number;
  /** What runs on it. */
  start: (process: Process) => void;
  onKilled: (name: string, point: string) => void;
}

export function createMachine(parts: MachineParts): Machine {
  const { name, scheduler, random, skewMs, start, onKilled } = parts;
  let current: { process: Process; die: () => void } | undefined;
  let touchesLeft = Infinity;

  function createProcess() {
    const bootedAt = scheduler.now;
    const mourners = new Set<() => void>();
    let isAlive = true;
    const process: Process = {
      name,
      get isAlive() {
        return isAlive;
      },
      random,
      clock: {
        now: () => scheduler.now + skewMs,
        monotonic: () => scheduler.now - bootedAt,
        timer: (delayMs, callback) =>
          isAlive
            ? scheduler.at(delayMs, name, () => {
                if (isAlive) unlessKilled(callback);
              })
            : { cancel: () => {} },
      },
      reach(point) {
        if (!isAlive) throw new Killed();
        touchesLeft -= 1;
        if (touchesLeft > 0) return;
        kill(point);
        throw new Killed();
      },
      onDeath(callback) {
        mourners.add(callback);
        return () => void mourners.delete(callback);
      },
    };
    const die = () => {
      isAlive = false;
      for (const callback of mourners) callback();
      mourners.clear();
    };
    return { process, die };
  }

  /** False where nothing ran. */
  function end(): boolean {
    touchesLeft = Infinity;
    const dying = current;
    current = undefined;
    dying?.die();
    return dying !== undefined;
  }

  function kill(point: string): void {
    if (end()) onKilled(name, point);
  }

  return {
    name,
    get process() {
      return current?.process;
    },
    boot() {
      if (current) return;
      current = createProcess();
      try {
        start(current.process);
      } catch (error) {
        // It was killed before it had begun.
        if (!(error instanceof Killed)) throw error;
      }
    },
    kill: () => kill("idle"),
    halt: () => void end(),
    killAt(count) {
      touchesLeft = count;
    },
    spare() {
      touchesLeft = Infinity;
    },
  };
}
