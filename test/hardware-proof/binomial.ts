/** How many of `trials` come out right by chance, each with chance `chance`. */

/** The numbers that lie within the middle 99.9 %: more, or fewer, happen with a chance below 0.0005 each. */
export function likelyCounts(trials: number, chance: number): { least: number; most: number } {
  const tail = 0.0005;
  let [below, probability] = [0, (1 - chance) ** trials];
  let least: number | undefined;
  for (let count = 0; ; count += 1) {
    below += probability;
    if (least === undefined && below > tail) least = count;
    if (below >= 1 - tail) return { least: least ?? 0, most: count };
    probability *= ((trials - count) / (count + 1)) * (chance / (1 - chance));
  }
}
