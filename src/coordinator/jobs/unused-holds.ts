/** Gives back early what tickets that nobody used still reserve. */
import type { UnusedHold } from "../ledger/hold-end-store.ts";
import type { PassOver } from "../ledger/holds.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Registry } from "../registry/registry.ts";

/** A ticket that was never used is given back this long after its end. */
const unusedAfterMs = 60_000;
/** Pages that one round looks at; the next goes on behind them. */
const pagesPerRound = 20;

export interface UnusedHoldsOptions {
  ledger: Pick<Ledger, "findUnusedHolds" | "releaseUnused">;
  registry: Pick<Registry, "runningHolds">;
}

/**
 * One round of looking through them. Those whose node is away or at work on them stay where they are, so that each
 * page begins behind the last one, and never again with what could not be released.
 */
export function createUnusedHolds({ ledger, registry }: UnusedHoldsOptions) {
  let after: UnusedHold | undefined;

  async function releaseFrom(
    page: readonly UnusedHold[],
    now: number,
    passOver: PassOver,
  ): Promise<void> {
    const runningAt = new Map<string, ReadonlySet<string> | undefined>();
    const released: string[] = [];
    for (const { id, node } of page) {
      if (!runningAt.has(node)) runningAt.set(node, await registry.runningHolds(node));
      // Of a node that is away nothing is known: it may still be at work, and its holds run their full time.
      const running = runningAt.get(node);
      if (running && !running.has(id)) released.push(id);
    }
    if (released.length > 0) await ledger.releaseUnused(released, now, passOver);
  }

  return async (now: number, passOver: PassOver): Promise<void> => {
    for (let pages = 0; pages < pagesPerRound; pages += 1) {
      const page = await ledger.findUnusedHolds(now - unusedAfterMs, after);
      after = page.at(-1);
      if (!after) return;
      await releaseFrom(page, now, passOver);
    }
  };
}
