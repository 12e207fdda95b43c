/** What the coordinator keeps to itself until it is time: the seed of a task, and which rows it will ask for. */
import { createHmac } from "node:crypto";
import type { Random } from "../../base/random.ts";
import type { ChainTask } from "../../protocol/hardware-proof/chain.ts";
import type { ProofBinding } from "../../protocol/hardware-proof/commitment.ts";
import { askedRows, type RowPlace } from "../../protocol/hardware-proof/opening.ts";

type ChainSize = Pick<ChainTask, "n" | "layers">;

/**
 * The task of one session of one node: nobody else's answer fits it, and nobody can know it before.
 * @param master a secret of the coordinator's, 32 bytes
 */
export function chainTask(master: Uint8Array, binding: ProofBinding, size: ChainSize): ChainTask {
  const text = `troop-hardware-seed/1\n${binding.session}\n${binding.node}\n${size.n}\n${size.layers}`;
  return { seed: createHmac("sha256", master).update(text).digest(), ...size };
}

/** Rows to ask for once the commitment is there: each layer as often as any other, or one less. */
export function drawRows(random: Random, { n, layers }: ChainSize): RowPlace[] {
  const draw = (below: number) => Buffer.from(random.bytes(4)).readUInt32BE() % below;
  const order = Array.from({ length: layers }, (_, layer) => layer);
  for (let last = layers - 1; last > 0; last -= 1) {
    const other = draw(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return Array.from({ length: askedRows }, (_, index) => ({
    layer: order[index % layers]!,
    row: draw(n),
  }));
}
