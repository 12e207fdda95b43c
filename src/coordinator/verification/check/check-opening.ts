/**
 * Whether the shown rows are those that were committed to, and each is what the task says. Pure, and O(n²) where the
 * prover's work was O(n³).
 */
import {
  type ChainKeys,
  chainKeys,
  type ChainTask,
  fillRow,
  mixRow,
  partnerOf,
} from "../../../protocol/hardware-proof/chain.ts";
import {
  commitmentOf,
  type ProofBinding,
  rowDigest,
} from "../../../protocol/hardware-proof/commitment.ts";
import {
  type Opening,
  placesToOpen,
  type RowPlace,
  unpackHashes,
  unpackRow,
} from "../../../protocol/hardware-proof/opening.ts";
import { merkleRoot } from "../../../protocol/merkle.ts";
import { createRowCheck, randomVector } from "./freivalds.ts";

/** What the prover said, and what it was asked. */
export interface Claim {
  readonly binding: ProofBinding;
  readonly task: ChainTask;
  /** As it was received, before the rows were asked for. */
  readonly commitment: Uint8Array;
  readonly asked: readonly RowPlace[];
  readonly opening: Opening;
}

export type Verdict =
  | { readonly kind: "right" }
  /** The texts are not what was asked for: sizes, numbers of rows, entries no product can have. */
  | { readonly kind: "malformed" }
  /** These roots, this session, this node and this task do not give what was committed to. */
  | { readonly kind: "other_commitment" }
  /** The row is not the one that its layer's root stands for. */
  | { readonly kind: "other_row"; readonly place: RowPlace }
  /** The row is not its left side times B: it was not computed. */
  | { readonly kind: "wrong_product"; readonly place: RowPlace };

/** @param vectorBytes 4·n of them, drawn after the opening was received */
export function checkOpening(claim: Claim, vectorBytes: Uint8Array): Verdict {
  const { task, asked, opening } = claim;
  const keys = chainKeys(task);
  const layerRoots = unpackHashes(task.layers, opening.layer_roots);
  if (!layerRoots) return { kind: "malformed" };
  const commitment = commitmentOf(claim.binding, task, Buffer.concat(layerRoots));
  if (Buffer.compare(commitment, claim.commitment) !== 0) return { kind: "other_commitment" };

  const places = placesToOpen(keys, task.n, asked);
  if (opening.rows.length !== places.length) return { kind: "malformed" };
  const rows = new Map<number, Int32Array>();
  for (const [index, place] of places.entries()) {
    const { values, path } = opening.rows[index]!;
    const row = unpackRow(task.n, values);
    const siblings = unpackHashes(Math.log2(task.n), path);
    if (!row || !siblings) return { kind: "malformed" };
    const root = merkleRoot(rowDigest(row), place.row, siblings);
    if (Buffer.compare(root, layerRoots[place.layer]!) !== 0) return { kind: "other_row", place };
    rows.set(numberOf(task, place), row);
  }

  const isProduct = createRowCheck(keys, randomVector(vectorBytes));
  for (const place of asked) {
    const left = leftSide(keys, task, place, rows);
    if (!isProduct(left, rows.get(numberOf(task, place))!)) return { kind: "wrong_product", place };
  }
  return { kind: "right" };
}

const numberOf = ({ n }: ChainTask, { layer, row }: RowPlace): number => layer * n + row;

/** The row of X that a row of Y was made from: given by the seed in the first layer, by two shown rows in all others. */
function leftSide(
  keys: ChainKeys,
  task: ChainTask,
  { layer, row }: RowPlace,
  rows: ReadonlyMap<number, Int32Array>,
): Int8Array {
  const entries = new Int8Array(task.n);
  if (layer === 0) {
    fillRow(keys.left, row, entries);
    return entries;
  }
  const before = layer - 1;
  const mixing = keys.layers[before]!;
  const shown = (wanted: number) => rows.get(numberOf(task, { layer: before, row: wanted }))!;
  mixRow(mixing, row, shown(row), shown(partnerOf(mixing, task.n, row)), entries);
  return entries;
}
