/**
 * The rows that a prover shows after its commitment: each asked row of Y, and the two rows of the layer before that
 * its left side was mixed from. Each comes with its path to the root of its layer.
 */
import { z } from "zod";
import { fromBase64url, toBase64url } from "../bytes.ts";
import { hashBytes } from "../merkle.ts";
import { chainLayers, type ChainKeys, chainSizes, partnerOf } from "./chain.ts";

/** Rows that are asked for: a prover that left out a share f of them passes with (1 − f)^24. */
export const askedRows = 24;
/** Each with two of the layer before. */
export const openedRowsMost = 3 * askedRows;

/** Row `row` of Y in layer `layer`, both from 0. */
export interface RowPlace {
  readonly layer: number;
  readonly row: number;
}

const bytesPerEntry = 3;
const textLength = (bytes: number) => Math.ceil((bytes * 4) / 3);
const largestSize = Math.max(...chainSizes);
const bytesText = (bytesMost: number) => z.string().max(textLength(bytesMost));

/** A row's entries (see `packRow`) and its siblings from leaf to root, 32 bytes each; base64url. */
export const openedRow = z.strictObject({
  values: bytesText(largestSize * bytesPerEntry),
  path: bytesText(Math.log2(largestSize) * hashBytes),
});

/** 2.4 MB at the largest size. */
export const opening = z.strictObject({
  /** 32 bytes a layer. */
  layer_roots: bytesText(chainLayers.most * hashBytes),
  /** In the order of `placesToOpen`. */
  rows: z.array(openedRow).min(1).max(openedRowsMost),
});
export type Opening = z.infer<typeof opening>;

/** All rows that must be shown so that `asked` can be checked, each once, in the order in which they are shown. */
export function placesToOpen(keys: ChainKeys, n: number, asked: readonly RowPlace[]): RowPlace[] {
  const places = new Map<number, RowPlace>();
  const add = (layer: number, row: number) => places.set(layer * n + row, { layer, row });
  for (const { layer, row } of asked) {
    add(layer, row);
    if (layer === 0) continue;
    add(layer - 1, row);
    add(layer - 1, partnerOf(keys.layers[layer - 1]!, n, row));
  }
  return [...places.values()];
}

/** A sum of n products lies in [-992·n, 1024·n]: it is sent as its distance from the least, in three bytes. */
const leastOf = (n: number) => -992 * n;
const spanOf = (n: number) => 2_016 * n;

/** A row of Y as base64url: three bytes an entry, the lowest first. */
export function packRow(row: Int32Array): string {
  const bytes = new Uint8Array(row.length * bytesPerEntry);
  const least = leastOf(row.length);
  for (const [column, value] of row.entries()) {
    const distance = value - least;
    bytes[bytesPerEntry * column] = distance;
    bytes[bytesPerEntry * column + 1] = distance >> 8;
    bytes[bytesPerEntry * column + 2] = distance >> 16;
  }
  return toBase64url(bytes);
}

/** The row, or `undefined` where the text is no row of n entries that a product can have. */
export function unpackRow(n: number, text: string): Int32Array | undefined {
  const bytes = fromBase64url(text);
  if (bytes?.length !== n * bytesPerEntry) return undefined;
  const row = new Int32Array(n);
  const [least, span] = [leastOf(n), spanOf(n)];
  for (let column = 0, at = 0; column < n; column += 1, at += bytesPerEntry) {
    const distance = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    if (distance > span) return undefined;
    row[column] = distance + least;
  }
  return row;
}

export const packHashes = (hashes: readonly Uint8Array[]): string =>
  toBase64url(Buffer.concat(hashes));

/** `count` hashes, or `undefined` where the text is anything else. */
export function unpackHashes(count: number, text: string): Uint8Array[] | undefined {
  const bytes = fromBase64url(text);
  if (bytes?.length !== count * hashBytes) return undefined;
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * hashBytes, (index + 1) * hashBytes),
  );
}
