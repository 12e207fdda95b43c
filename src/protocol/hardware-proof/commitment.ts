/**
 * What a prover commits to before it learns which rows will be asked for: the digest of every row, one tree a layer,
 * and the roots of all layers hashed together with whose proof it is.
 */
import { sha256 } from "../bytes.ts";
import { hashBytes, merkleLevels } from "../merkle.ts";
import type { ChainTask } from "./chain.ts";

/** Whose answer, and to which challenge: an answer of somebody else, or of another time, has another root. */
export interface ProofBinding {
  readonly session: string;
  /** The node's id. */
  readonly node: string;
}

/** SHA-256 of a row of Y: n signed 32-bit integers, little-endian, as memory holds them. */
export const rowDigest = (row: Int32Array): Uint8Array =>
  sha256(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));

/**
 * A tree for each layer, as its levels: the digests of its rows first, its root last.
 * @param digests of all rows, layer after layer: layers × n × 32 bytes
 */
export const layerTrees = ({ n, layers }: ChainTask, digests: Uint8Array): Uint8Array[][] =>
  Array.from({ length: layers }, (_, layer) =>
    merkleLevels(digests.subarray(layer * n * hashBytes, (layer + 1) * n * hashBytes)),
  );

/** The commitment, 32 bytes. @param layerRoots 32 bytes a layer */
export function commitmentOf(
  { session, node }: ProofBinding,
  { seed, n, layers }: ChainTask,
  layerRoots: Uint8Array,
): Uint8Array {
  const head = `troop-hardware-root/1\n${session}\n${node}\n${n}\n${layers}\n`;
  return sha256(head, seed, layerRoots);
}
