/**
 * Chance for the trainer: Marsaglia's xorshift128 ("Xorshift RNGs", 2003) from a fixed seed.
 * Only integer operations and exact scalings, so the same seed gives the same numbers everywhere.
 */

export interface SeededRandom {
  /** A number in [0, 1) with 32 random bits. */
  fraction(): number;
  /** One of `choices`, each as likely. */
  pick<Choice>(choices: readonly Choice[]): Choice;
  /** Roughly normal, mean 0, deviation 1. */
  normal(): number;
}

export function createSeededRandom(seed: number): SeededRandom {
  let [a, b, c, d] = [seed | 0, 0x243f6a88, 0x85a308d3 | 0, 0x13198a2e];

  function fraction(): number {
    const mixed = a ^ (a << 11);
    [a, b, c] = [b, c, d];
    d = d ^ (d >>> 19) ^ (mixed ^ (mixed >>> 8));
    return (d >>> 0) / 4_294_967_296;
  }

  function pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[Math.floor(fraction() * choices.length)];
    if (choice === undefined) throw new Error("nothing to pick from");
    return choice;
  }

  /** Twelve uniforms have variance one; Box–Muller would need a logarithm and a cosine. */
  function normal(): number {
    let sum = -6;
    for (let draw = 0; draw < 12; draw += 1) sum += fraction();
    return sum;
  }

  // Neighbouring seeds start alike; a few rounds part them.
  for (let round = 0; round < 32; round += 1) fraction();
  return { fraction, pick, normal };
}
