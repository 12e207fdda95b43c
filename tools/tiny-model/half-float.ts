/**
 * IEEE 754 binary16, by hand: `Math.f16round` and `Float16Array` are missing in Node 22.
 */

const scratch = new DataView(new ArrayBuffer(4));

/** The sixteen bits of the half-precision number nearest to `value`; ties go to the even one. */
export function toHalfBits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x4780_0000) return sign | 0x7c00; // 65,536 and more, infinity included
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // less than half of the smallest subnormal
  // A normal half keeps the exponent, re-biased from 127 to 15; a subnormal one shifts it away.
  const isNormal = exponent >= 113;
  const dropped = isNormal ? 13 : 126 - exponent;
  const mantissa = isNormal ? magnitude - (112 << 23) : (magnitude & 0x7f_ffff) | 0x80_0000;
  const kept = mantissa >>> dropped;
  const rest = mantissa & ((1 << dropped) - 1);
  const half = 1 << (dropped - 1);
  const roundsUp = rest > half || (rest === half && (kept & 1) === 1);
  return sign | (kept + (roundsUp ? 1 : 0)); // a carry rightly runs into the exponent
}

export function fromHalfBits(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (1 + mantissa / 1_024) * 2 ** (exponent - 15);
}
