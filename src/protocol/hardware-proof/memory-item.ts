/**
 * One item of the dataset: 64 bytes that take 24,576 operations, one after the other, and nothing but the seed. It is
 * ChaCha20's block (RFC 8439, section 2.3) of the item's number, with 256 double rounds in place of ten, and without
 * the last addition.
 *
 * So many, because an item that is not held must cost more than one that is read: current GPUs do 5 to 60 of these
 * operations for each byte that they read at random, and an item is 384 of them a byte.
 */

/** Of 96 operations each. */
export const doubleRounds = 256;
/** 32-bit words. */
export const itemWords = 16;
/** "expand 32-byte k" */
export const itemConstants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** @param key eight words @param item where the 16 words go, signed */
export function computeItem(key: Int32Array, number: number, item: Int32Array): void {
  let [a0, a1, a2, a3] = itemConstants as readonly [number, number, number, number];
  let [b0, b1, b2, b3] = [key[0]!, key[1]!, key[2]!, key[3]!];
  let [c0, c1, c2, c3] = [key[4]!, key[5]!, key[6]!, key[7]!];
  let [d0, d1, d2, d3] = [number | 0, 0, 0, 0];
  // In variables of their own, which a processor keeps in registers.
  for (let round = 0; round < doubleRounds; round += 1) {
    // prettier-ignore
    {
      a0 = (a0 + b0) | 0; d0 = rotated(d0 ^ a0, 16); c0 = (c0 + d0) | 0; b0 = rotated(b0 ^ c0, 12);
      a0 = (a0 + b0) | 0; d0 = rotated(d0 ^ a0, 8); c0 = (c0 + d0) | 0; b0 = rotated(b0 ^ c0, 7);
      a1 = (a1 + b1) | 0; d1 = rotated(d1 ^ a1, 16); c1 = (c1 + d1) | 0; b1 = rotated(b1 ^ c1, 12);
      a1 = (a1 + b1) | 0; d1 = rotated(d1 ^ a1, 8); c1 = (c1 + d1) | 0; b1 = rotated(b1 ^ c1, 7);
      a2 = (a2 + b2) | 0; d2 = rotated(d2 ^ a2, 16); c2 = (c2 + d2) | 0; b2 = rotated(b2 ^ c2, 12);
      a2 = (a2 + b2) | 0; d2 = rotated(d2 ^ a2, 8); c2 = (c2 + d2) | 0; b2 = rotated(b2 ^ c2, 7);
      a3 = (a3 + b3) | 0; d3 = rotated(d3 ^ a3, 16); c3 = (c3 + d3) | 0; b3 = rotated(b3 ^ c3, 12);
      a3 = (a3 + b3) | 0; d3 = rotated(d3 ^ a3, 8); c3 = (c3 + d3) | 0; b3 = rotated(b3 ^ c3, 7);

      a0 = (a0 + b1) | 0; d3 = rotated(d3 ^ a0, 16); c2 = (c2 + d3) | 0; b1 = rotated(b1 ^ c2, 12);
      a0 = (a0 + b1) | 0; d3 = rotated(d3 ^ a0, 8); c2 = (c2 + d3) | 0; b1 = rotated(b1 ^ c2, 7);
      a1 = (a1 + b2) | 0; d0 = rotated(d0 ^ a1, 16); c3 = (c3 + d0) | 0; b2 = rotated(b2 ^ c3, 12);
      a1 = (a1 + b2) | 0; d0 = rotated(d0 ^ a1, 8); c3 = (c3 + d0) | 0; b2 = rotated(b2 ^ c3, 7);
      a2 = (a2 + b3) | 0; d1 = rotated(d1 ^ a2, 16); c0 = (c0 + d1) | 0; b3 = rotated(b3 ^ c0, 12);
      a2 = (a2 + b3) | 0; d1 = rotated(d1 ^ a2, 8); c0 = (c0 + d1) | 0; b3 = rotated(b3 ^ c0, 7);
      a3 = (a3 + b0) | 0; d2 = rotated(d2 ^ a3, 16); c1 = (c1 + d2) | 0; b0 = rotated(b0 ^ c1, 12);
      a3 = (a3 + b0) | 0; d2 = rotated(d2 ^ a3, 8); c1 = (c1 + d2) | 0; b0 = rotated(b0 ^ c1, 7);
    }
  }
  item.set([a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3]);
}
