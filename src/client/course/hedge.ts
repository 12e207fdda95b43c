/**
 * Asks a second node where the first is late with its first word. The first of them to speak answers; the other is let
 * go, as if the application had gone away.
 */
import type { Clock } from "../../base/clock.ts";
import type { AnswerSink } from "../call/attempt.ts";
import type { NodeFinder } from "../routing/node-finder.ts";
import type { Tried, TryNode, Turn } from "./try-node.ts";

interface Run {
  ended: Promise<void>;
  letGo(): void;
}

/** Whatever was expected: much of what makes a first word late has nothing to do with the node. */
const leastMs = 1_000;

export interface HedgeParts {
  finder: Pick<NodeFinder, "find" | "firstWordMs">;
  tryNode: TryNode;
  clock: Clock;
}

/** For the turns of one request. @returns those that ended by themselves, in that order: at most one was answered */
export type TryTurn = (turn: Turn) => Promise<readonly Tried[]>;

export function createHedging({ finder, tryNode, clock }: HedgeParts) {
  /** @param factor how late a first word must be, in times that it was expected after; undefined: no second is asked */
  return (factor: number | undefined): TryTurn => {
    let isHedged = factor === undefined;
    return async (turn) => {
      const { node, wish, relation } = turn;
      // Once in a request, and never in the middle of an answer.
      const isAlone = isHedged || relation.continues !== undefined || node === undefined;
      const expectedMs = isAlone ? undefined : finder.firstWordMs(node, wish);
      if (expectedMs === undefined) return [await tryNode(turn)];
      const rivalOf = async () => {
        isHedged = true;
        const exclude = new Set([...wish.exclude, node!]);
        // Who cannot be found now is not asked; the first may still answer.
        const found = await finder.find({ ...wish, exclude }).catch(() => undefined);
        return found?.kind === "node" ? { ...turn, node: found.node } : undefined;
      };
      return raced({ tryNode, clock }, turn, expectedMs * factor!, rivalOf);
    };
  };
}

/**
 * @param afterMs when the first is late
 * @param rivalOf who else there is; undefined: nobody
 */
async function raced(
  { tryNode, clock }: Pick<HedgeParts, "tryNode" | "clock">,
  first: Turn,
  afterMs: number,
  rivalOf: () => Promise<Turn | undefined>,
): Promise<Tried[]> {
  const runs: Run[] = [];
  const ended: Tried[] = [];
  let speaker: Run | undefined;

  function take(run: Run): void {
    speaker = run;
    for (const other of runs) if (other !== run) other.letGo();
  }

  function start(turn: Turn): Run {
    const leaving = new AbortController();
    const signal = AbortSignal.any([turn.signal, leaving.signal]);
    const letGo = () => leaving.abort(new Error("another node was quicker"));
    const run: Run = { letGo, ended: Promise.resolve() };
    const isSpare = runs.push(run) > 1;
    const openSink = (node: string) => {
      let sink: AnswerSink | undefined;
      return {
        take(bytes: Uint8Array) {
          if (!speaker) take(run);
          // It hears in a moment that it is let go.
          if (speaker !== run) return undefined;
          sink ??= turn.openSink(node);
          return sink.take(bytes);
        },
        textBytes: () => sink?.textBytes() ?? 0,
        hasFailed: () => sink?.hasFailed() ?? false,
      };
    };
    run.ended = tryNode({ ...turn, openSink, signal }).then(
      (tried) => {
        // An answer without a word.
        if (tried.outcome === "answered" && !speaker) {
          take(run);
          turn.openSink(tried.node!);
        }
        // Its line came, and no word, and then another spoke: it is that one's answer.
        if (tried.outcome === "answered" && speaker !== run) return;
        // A cap, say, that has no room for two: that is no word about the one.
        if (isSpare && tried.outcome === "refused" && !tried.name) return;
        ended.push(tried);
      },
      (error: unknown) => {
        turn.signal.throwIfAborted();
        if (!leaving.signal.aborted) throw error;
      },
    );
    // Where the application leaves, nobody waits for the second.
    run.ended.catch(() => undefined);
    return run;
  }

  const main = start(first);
  let isOver = false;
  const timer = clock.timer(Math.max(leastMs, afterMs), () => {
    if (speaker) return;
    void rivalOf().then((turn) => {
      if (turn && !speaker && !isOver) start(turn);
    });
  });
  try {
    await main.ended;
  } finally {
    timer.cancel();
    isOver = true;
  }
  await runs[1]?.ended;
  return ended;
}
