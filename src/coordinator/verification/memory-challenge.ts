/** A walk's task, and which lanes will be asked for: what `challenge.ts` is to the chain. */
import { createHmac } from "node:crypto";
import type { Random } from "../../base/random.ts";
import type { ProofBinding } from "../../protocol/hardware-proof/commitment.ts";
import { lanesOf, type MemorySize, type MemoryTask } from "../../protocol/hardware-proof/memory.ts";
import { askedLanes } from "../../protocol/hardware-proof/memory-opening.ts";

/**
 * The task of one session of one node. Its walk is told only once the node says that it holds the dataset.
 * @param master a secret of the coordinator's, 32 bytes
 */
export function memoryTask(
  master: Uint8Array,
  { session, node }: ProofBinding,
  { segments, passes }: MemorySize,
): MemoryTask {
  const seedOf = (label: string) => {
    const text = `${label}\n${session}\n${node}\n${segments}\n${passes}`;
    return createHmac("sha256", master).update(text).digest();
  };
  return {
    ...{ seed: seedOf("troop-memory-seed/1"), segments },
    ...{ walkSeed: seedOf("troop-memory-walk/1"), passes },
  };
}

/** Lanes to ask for once the commitment is there: sixteen different ones. */
export function drawLanes(random: Random, size: MemorySize): number[] {
  const lanes = new Set<number>();
  while (lanes.size < askedLanes)
    lanes.add(Buffer.from(random.bytes(6)).readUIntBE(0, 6) % lanesOf(size));
  return [...lanes];
}
