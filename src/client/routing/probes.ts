/**
 * Whether a node that failed is back: it is asked for nothing, which costs nothing, before somebody's request is sent
 * there to find out. Until it has answered, it counts as out.
 *
 *   failed ──its outage, and a moment of its own──▶ asked ──there, or nobody can tell──▶ used again
 *                                                    └────gone────▶ failed once more, for longer
 */
import type { Clock, Timer } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";

/** `unknown`: no ticket for it is at hand, and none is bought for this. */
export type Presence = "there" | "gone" | "unknown";

/** Never rejects, and does not take long. */
export type ProbeNode = (node: string) => Promise<Presence>;

export interface Probes extends Disposable {
  /** It failed, and is out for so long from now on. */
  after(node: string, outMs: number): void;
  /** It has answered somebody's request meanwhile. */
  forget(node: string): void;
  /** It is still to be asked, or to answer. */
  awaits(node: string): boolean;
}

export interface ProbesParts {
  clock: Pick<Clock, "timer">;
  random: Random;
  probe: ProbeNode;
  /** It is not back. */
  gone(node: string): void;
}

/** Many clients saw it fail at the same instant: each asks at a moment of its own. */
const spreadMs = 3_000;
/** As many as tickets are kept: without one there is no asking. Others are used again without. */
const probesMost = 64;

export function createProbes({ clock, random, probe, gone }: ProbesParts): Probes {
  const awaited = new Map<string, Timer>();

  async function ask(node: string): Promise<void> {
    const asked = awaited.get(node);
    const presence = await probe(node);
    // What was learned in the meantime is newer.
    if (awaited.get(node) !== asked) return;
    awaited.delete(node);
    if (presence === "gone") gone(node);
  }

  function forget(node: string): void {
    awaited.get(node)?.cancel();
    awaited.delete(node);
  }

  return {
    after(node, outMs) {
      forget(node);
      if (awaited.size >= probesMost) return;
      const delayMs = outMs + random.fraction() * spreadMs;
      const timer = clock.timer(delayMs, () => void ask(node));
      awaited.set(node, timer);
    },
    forget,
    awaits: (node) => awaited.has(node),
    [Symbol.dispose]: () => [...awaited.keys()].forEach(forget),
  };
}
