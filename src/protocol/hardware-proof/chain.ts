/**
 * The work a node is timed on: a chain of exact products of n × n integer matrices.
 *
 *   Y_l = X_l · B        X_{l+1}[i][j] = mix_l(Y_l[i][j], Y_l[partner_l(i)][j], i·n + j)
 *
 * Entries of X and B lie in [-32, 31], so every partial sum is an integer of at most 2^23: exact in 32-bit floats and
 * integers, in any order, on any device, bit for bit. `mix` is nonlinear, so no two layers can be taken as one
 * product. `partner` leads through all rows in a single cycle, so no set of rows can be computed without the rest.
 * The exact bytes, with vectors for other provers: docs/protocol.md.
 */
import { sha256 } from "../bytes.ts";

/** Powers of two, so that rows fill a tree and tiles; at 8192 a sum just fits a float's 24 bits. */
export const chainSizes = [256, 512, 1_024, 2_048, 4_096, 8_192] as const;
/** At least: each layer needs the one before. At most: 281 tera-operations at the largest size, over a second anywhere. */
export const chainLayers = { least: 4, most: 256 } as const;
export const chainSeedBytes = 32;

export interface ChainTask {
  /** 32 bytes that nobody could know before; the coordinator makes them from session, node and size. */
  readonly seed: Uint8Array;
  /** Rows and columns: one of `chainSizes`. */
  readonly n: number;
  readonly layers: number;
}

export const isChainTask = ({ seed, n, layers }: ChainTask): boolean =>
  seed.length === chainSeedBytes &&
  chainSizes.some((size) => size === n) &&
  Number.isInteger(layers) &&
  layers >= chainLayers.least &&
  layers <= chainLayers.most;

/** Multiplications and additions of a task, each counted: what is divided by the time it took. */
export const operationsOf = ({ n, layers }: Pick<ChainTask, "n" | "layers">): number =>
  2 * layers * n ** 3;

/** What `mix` and `partner` take after layer l; 32-bit unsigned words. */
export interface LayerKeys {
  readonly mix: number;
  /** partner(i) = (multiplier · i + increment) mod n */
  readonly multiplier: number;
  readonly increment: number;
}

export interface ChainKeys {
  /** Of the first left matrix, X_0. */
  readonly left: number;
  /** Of the right matrix of all layers, B. */
  readonly right: number;
  readonly layers: readonly LayerKeys[];
}

export function chainKeys({ seed, layers }: Pick<ChainTask, "seed" | "layers">): ChainKeys {
  const wordsOf = (block: number) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(block);
    const bytes = sha256("troop-chain/1", seed, number);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return (index: number) => view.getUint32(4 * index);
  };
  const first = wordsOf(0);
  return {
    left: first(0),
    right: first(1),
    layers: Array.from({ length: layers }, (_, layer) => {
      const word = wordsOf(layer + 1);
      // One more than a multiple of four, and an odd number: Hull and Dobell's condition for a cycle through all of 2^k.
      const [multiplier, increment] = [((word(1) & ~3) | 1) >>> 0, (word(2) | 1) >>> 0];
      return { mix: word(0), multiplier, increment };
    }),
  };
}

/** Murmur3's last step: every bit of the result depends on every bit of `word`. Signed. */
export function scramble(word: number): number {
  let bits = word ^ (word >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** Four entries, from column 4·k of the matrix with this key, as bytes of a word: the lowest first, each plus 32. */
export const entryWord = (key: number, index: number): number =>
  scramble(Math.imul(index, 0x9e3779b1) ^ key) & 0x3f3f3f3f;

/** Row `row` of X_0 or B. @param entries n of them, written to */
export function fillRow(key: number, row: number, entries: Int8Array): void {
  const n = entries.length;
  for (let column = 0; column < n; column += 4) {
    const word = entryWord(key, (row * n + column) / 4);
    entries[column] = (word & 63) - 32;
    entries[column + 1] = ((word >>> 8) & 63) - 32;
    entries[column + 2] = ((word >>> 16) & 63) - 32;
    entries[column + 3] = (word >>> 24) - 32;
  }
}

/** The row whose entries are mixed into row `row` on its way to the next layer; never `row` itself. */
export const partnerOf = (keys: LayerKeys, n: number, row: number): number =>
  (Math.imul(keys.multiplier, row) + keys.increment) & (n - 1);

/**
 * Row `row` of the next X.
 * @param own Y's row `row`
 * @param partner Y's row `partnerOf(keys, n, row)`
 * @param entries n of them, written to
 */
export function mixRow(
  keys: LayerKeys,
  row: number,
  own: Int32Array,
  partner: Int32Array,
  entries: Int8Array,
): void {
  const n = entries.length;
  for (let column = 0; column < n; column += 1) {
    const sum =
      Math.imul(own[column]!, 0x9e3779b1) +
      Math.imul(partner[column]!, 0x85ebca77) +
      Math.imul(row * n + column, 0xc2b2ae3d);
    entries[column] = (scramble(sum ^ keys.mix) >>> 26) - 32;
  }
}
