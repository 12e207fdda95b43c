/** The dataset that a prover holds: filled first, walked once when it is told how, and let go of. */
import type { Dataset, Walk } from "../../protocol/hardware-proof/memory.ts";
import { type CommittedMemory, commitMemory } from "./commit-memory.ts";
import type { MemoryProver } from "./memory-prover.ts";

export interface HeldMemory extends AsyncDisposable {
  /** @throws Error what the prover says, where the walk or the dataset fails */
  walk(walk: Walk): Promise<CommittedMemory>;
}

/**
 * Resolves once the dataset is held. Disposed, it is let go of, walked or not.
 * @param unwanted gives it up while it is being filled
 * @throws Error where it does not fit, and the signal's reason when it aborts
 */
export async function holdMemory(
  prover: MemoryProver,
  dataset: Dataset,
  unwanted: AbortSignal,
): Promise<HeldMemory> {
  const ended = new AbortController();
  const told = Promise.withResolvers<Walk>();
  const filled = Promise.withResolvers<void>();
  // Let go of before it was filled, nobody waits to be told.
  told.promise.catch(() => undefined);
  const isFilled = () => {
    filled.resolve();
    return told.promise;
  };
  const committed = commitMemory(
    prover,
    dataset,
    isFilled,
    AbortSignal.any([unwanted, ended.signal]),
  );
  await Promise.race([filled.promise, committed]);
  // Whoever walks hears of it; while nobody does, nobody need.
  committed.catch(() => undefined);
  return {
    walk(walk) {
      told.resolve(walk);
      return committed;
    },
    async [Symbol.asyncDispose]() {
      const reason = new Error("the dataset is not wanted any more");
      ended.abort(reason);
      told.reject(reason);
      // By the reason above, or because it does not fit, which was said.
      await committed.catch(() => undefined);
    },
  };
}
