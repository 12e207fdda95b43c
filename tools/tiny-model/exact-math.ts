/**
 * The transcendental functions training needs, from + − × ÷ alone.
 * `Math.exp` and its kin may differ in the last bit between JavaScript engines; IEEE 754 fixes the
 * basic operations, so with these the same inputs give the same model on any machine.
 */

const ln2High = 0.69314718036912381649;
const ln2Low = 1.90821492927058770002e-10;
const smallestExponent = -1022;
const largestExponent = 1023;

// Doubling and halving are exact; a general power function need not be.
const powersOfTwo = new Float64Array(largestExponent - smallestExponent + 1);
powersOfTwo[-smallestExponent] = 1;
for (let index = -smallestExponent; index > 0; index -= 1)
  powersOfTwo[index - 1] = powersOfTwo[index]! / 2;
for (let index = -smallestExponent; index < powersOfTwo.length - 1; index += 1)
  powersOfTwo[index + 1] = powersOfTwo[index]! * 2;

/** e to the power of `x`, relative error below 1e-10; what would be subnormal is 0. */
export function exponential(x: number): number {
  const exponent = Math.round(x * 1.4426950408889634);
  if (exponent < smallestExponent) return 0;
  if (exponent > largestExponent) return Infinity;
  const rest = x - exponent * ln2High - exponent * ln2Low;
  // Horner's scheme over the Taylor series; |rest| ≤ ln 2 / 2, so nine terms leave about 1e-11.
  let sum = 1 + rest / 9;
  sum = 1 + (rest / 8) * sum;
  sum = 1 + (rest / 7) * sum;
  sum = 1 + (rest / 6) * sum;
  sum = 1 + (rest / 5) * sum;
  sum = 1 + (rest / 4) * sum;
  sum = 1 + (rest / 3) * sum;
  sum = 1 + (rest / 2) * sum;
  return (1 + rest * sum) * powersOfTwo[exponent - smallestExponent]!;
}

/** The logistic function; never NaN, because `exponential` saturates. */
export function sigmoid(x: number): number {
  return 1 / (1 + exponential(-x));
}

/** Cosine and sine of an angle in [0, 1], by their series: enough to start a rotation from. */
export function smallRotation(angle: number): { cosine: number; sine: number } {
  let [cosine, sine, term] = [0, 0, 1];
  for (let power = 0; power < 20; power += 2) {
    cosine += term;
    term *= angle / (power + 1);
    sine += term;
    term *= -angle / (power + 2);
  }
  return { cosine, sine };
}
