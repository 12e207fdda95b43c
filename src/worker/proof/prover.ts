/** What computes a chain: the part that differs between a GPU, the CPU, and whatever comes next. */
import type { ChainTask } from "../../protocol/hardware-proof/chain.ts";
import type { RowPlace } from "../../protocol/hardware-proof/opening.ts";

/**
 * Both verbs take and give plain data, and keep nothing between calls, so that a prover may live in a process of its
 * own and be replaced. The rows that are asked for are therefore computed anew: keeping all of Y would take up to
 * 64 GiB. Both reject with the signal's reason when it aborts.
 */
export interface ChainProver {
  readonly kind: "webgpu" | "wasm" | "reference";
  /** Runs the chain. Resolves with the `rowDigest` of every row, layer after layer: layers × n × 32 bytes. */
  digests(task: ChainTask, signal: AbortSignal): Promise<Uint8Array>;
  /** Runs the chain as far as it must. Resolves with the wanted rows of Y, n entries each, in the order of `places`. */
  rows(task: ChainTask, places: readonly RowPlace[], signal: AbortSignal): Promise<Int32Array[]>;
}
