/** A prover that computes on the CPU: layer by layer, on whatever multiplies. */
import { type Clock, sleep } from "../../base/clock.ts";
import {
  chainKeys,
  type ChainTask,
  fillRow,
  isChainTask,
  mixRow,
  partnerOf,
} from "../../protocol/hardware-proof/chain.ts";
import { rowDigest } from "../../protocol/hardware-proof/commitment.ts";
import { hashBytes } from "../../protocol/merkle.ts";
import type { ChainProver } from "./prover.ts";

/** Y = X · B of one task. Rows of X may be set while rows of Y are read. */
export interface Multiplier {
  setLeft(row: number, entries: Int8Array): void;
  /** Computes `rowsPerStep` rows of Y from `first` on. Takes its time, and the thread. */
  multiply(first: number): void;
  /** A row of Y, as it is until the next `multiply`. */
  product(row: number): Int32Array;
}

/** Divides every size. */
export const rowsPerStep = 64;
/** Between two looks at whatever else the process has to do. */
const turnMs = 50;

export interface ChainProverParts {
  clock: Clock;
}

/** @param createMultiplier holds B, whose key it is given */
export function createChainProver(
  kind: ChainProver["kind"],
  createMultiplier: (n: number, rightKey: number) => Multiplier,
  { clock }: ChainProverParts,
): ChainProver {
  /** Gives each layer's Y in turn, valid until the next is asked for. */
  async function* productsOf(task: ChainTask, signal: AbortSignal) {
    if (!isChainTask(task)) throw new RangeError("the task has a size that no chain has");
    const { n, layers } = task;
    const keys = chainKeys(task);
    const multiplier = createMultiplier(n, keys.right);
    const entries = new Int8Array(n);
    let turnBegan = clock.monotonic();
    for (let layer = 0; layer < layers; layer += 1) {
      for (let row = 0; row < n; row += 1) {
        if (layer === 0) fillRow(keys.left, row, entries);
        else {
          const mixing = keys.layers[layer - 1]!;
          const partner = multiplier.product(partnerOf(mixing, n, row));
          mixRow(mixing, row, multiplier.product(row), partner, entries);
        }
        multiplier.setLeft(row, entries);
      }
      for (let first = 0; first < n; first += rowsPerStep) {
        multiplier.multiply(first);
        if (clock.monotonic() - turnBegan < turnMs) continue;
        await sleep(clock, 0, signal);
        signal.throwIfAborted();
        turnBegan = clock.monotonic();
      }
      yield { layer, product: multiplier.product };
    }
  }

  return {
    kind,
    async digests(task, signal) {
      const { n, layers } = task;
      const digests = new Uint8Array(layers * n * hashBytes);
      for await (const { layer, product } of productsOf(task, signal))
        for (let row = 0; row < n; row += 1)
          digests.set(rowDigest(product(row)), (layer * n + row) * hashBytes);
      return digests;
    },
    async rows(task, places, signal) {
      const found: Int32Array[] = [];
      const lastLayer = Math.max(...places.map(({ layer }) => layer));
      for await (const { layer, product } of productsOf(task, signal)) {
        for (const [index, place] of places.entries())
          if (place.layer === layer) found[index] = product(place.row).slice();
        if (layer === lastLayer) break;
      }
      return found;
    },
  };
}
