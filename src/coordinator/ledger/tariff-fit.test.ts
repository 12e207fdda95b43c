import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitPrice, type FittedPrice, type Voice } from "./tariff-fit.ts";

const week = 7 * 24 * 60 * 60_000;
const voice = (owner: string, requester: string, price: number, lines = 4): Voice => ({
  owner,
  requester,
  lines,
  perCompletionToken: BigInt(price),
});
/** As many owners as requesters, who all show the same. */
const crowd = (count: number, price: number): Voice[] =>
  Array.from({ length: count }, (_, index) => voice(`o${index}`, `r${index}`, price));
const known = (price: number, movedAt = 0): FittedPrice => ({
  perCompletionToken: BigInt(price),
  lines: 20,
  owners: 5,
  requesters: 5,
  fittedAt: 0,
  movedAt,
});

describe("too few have spoken", () => {
  test.each([
    ["four owners", [...crowd(4, 10), voice("o0", "r9", 10), voice("o1", "r8", 10)]],
    ["four requesters", [...crowd(4, 10), voice("o9", "r0", 10), voice("o8", "r1", 10)]],
    ["nineteen lines", [...crowd(4, 10), voice("o4", "r4", 10, 3)]],
    ["a pair with many lines", [voice("o", "r", 10, 50)]],
  ])("%s", (_name, voices) => {
    expect(fitPrice(voices, undefined, 100n, week)).toBeUndefined();
  });
});

test("five owners and five requesters with twenty lines have spoken", () => {
  expect(fitPrice(crowd(5, 60), undefined, 100n, week)).toEqual({
    perCompletionToken: 60n,
    lines: 20,
    owners: 5,
    requesters: 5,
    fittedAt: week,
    movedAt: week,
  });
});

test("the price is the lower quartile of the owners, each with the median of its requesters", () => {
  const voices = [90, 80, 70, 60, 50].map((price, index) => voice(`o${index}`, `r${index}`, price));
  expect(fitPrice(voices, undefined, 100n, week)?.perCompletionToken).toBe(60n);
  // One owner that shows something else to many requesters is one owner.
  const crowded = [...voices, ...crowd(20, 55).map((one) => ({ ...one, owner: "o4" }))];
  expect(fitPrice(crowded, undefined, 100n, week)?.perCompletionToken).toBe(60n);
});

describe("a price", () => {
  const dear = crowd(8, 1_000);
  const cheap = crowd(8, 1);
  test("that was never fitted rises by 5 % from what the size says, and falls to half of it", () => {
    expect(fitPrice(dear, undefined, 100n, week)?.perCompletionToken).toBe(105n);
    expect(fitPrice(cheap, undefined, 100n, week)?.perCompletionToken).toBe(50n);
  });
  test("rises by 5 % at most, once a week", () => {
    const first = fitPrice(dear, known(100), 1n, week)!;
    expect(first).toMatchObject({ perCompletionToken: 105n, movedAt: week });
    const early = fitPrice(dear, first, 1n, 2 * week - 1)!;
    expect(early).toMatchObject({ perCompletionToken: 105n, movedAt: week });
    expect(fitPrice(dear, early, 1n, 2 * week)?.perCompletionToken).toBe(111n);
  });
  test("falls by 5 % at most, once a week", () => {
    const first = fitPrice(cheap, known(100), 1n, week)!;
    expect(first).toMatchObject({ perCompletionToken: 95n, movedAt: week });
    expect(fitPrice(cheap, first, 1n, 2 * week - 1)?.perCompletionToken).toBe(95n);
    expect(fitPrice(cheap, first, 1n, 2 * week)?.perCompletionToken).toBe(90n);
  });
  test("that was talked down for nothing comes back, from however low", () => {
    let price = known(1);
    for (let weeks = 1; weeks <= 60; weeks += 1) price = fitPrice(dear, price, 1n, weeks * week)!;
    expect(price.perCompletionToken).toBeGreaterThan(100n);
  });
  test("is never nothing", () => {
    expect(fitPrice(crowd(5, 0), known(1), 1n, week)?.perCompletionToken).toBe(1n);
  });
});

const names = fc.integer({ min: 0, max: 9 }).map(String);
const someVoices = fc.uniqueArray(
  fc.record({
    owner: names,
    requester: names,
    lines: fc.integer({ min: 1, max: 20 }),
    perCompletionToken: fc.bigInt({ min: 0n, max: 10n ** 9n }),
  }),
  { selector: ({ owner, requester }) => `${owner} ${requester}`, maxLength: 40 },
);

test("whatever people show, a week moves a price by 5 % at most, and never past what was shown", () => {
  fc.assert(
    fc.property(
      fc.array(someVoices, { minLength: 1, maxLength: 20 }),
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      (days, first) => {
        let price = { ...known(0), perCompletionToken: first };
        let now = week;
        let weekBefore: bigint[] = [];
        for (const voices of days) {
          now += week / 7;
          const before = price.perCompletionToken;
          price = fitPrice(voices, price, 1n, now) ?? price;
          const after = price.perCompletionToken;
          const shown = voices.map(({ perCompletionToken }) => perCompletionToken);
          if (after > before) expect(shown.some((one) => one >= after)).toBe(true);
          if (after < before) expect(shown.some((one) => one <= after)).toBe(true);
          for (const earlier of weekBefore) {
            expect(after * 100n <= earlier * 105n + 99n).toBe(true);
            expect(after * 100n + 99n >= earlier * 95n).toBe(true);
          }
          weekBefore = [...weekBefore, after].slice(-6);
        }
      },
    ),
  );
});

test("more lines of one pair change nothing, nor does the order of voices", () => {
  fc.assert(
    fc.property(someVoices, fc.nat(), (voices, at) => {
      const fit = fitPrice(voices, known(50), 1n, week)?.perCompletionToken;
      const louder = voices.map((one, index) =>
        voices.length > 0 && index === at % voices.length
          ? { ...one, lines: one.lines + 500 }
          : one,
      );
      const loud = fitPrice(louder.toReversed(), known(50), 1n, week)?.perCompletionToken;
      // Lines may only bring the number that is asked for.
      if (fit !== undefined) expect(loud).toBe(fit);
    }),
  );
});

const ascending = (values: readonly bigint[]): bigint[] =>
  values.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0));

test("one owner alone moves no price of others past the neighbouring owner's", () => {
  fc.assert(
    fc.property(someVoices, fc.bigInt({ min: 0n, max: 10n ** 12n }), (voices, lie) => {
      // So far up that the step is not what binds.
      const far = { ...known(1), perCompletionToken: 10n ** 10n };
      const reach = (of: readonly Voice[]) => {
        let price: FittedPrice | undefined = far;
        for (let weeks = 1; weeks <= 400 && price; weeks += 1)
          price = fitPrice(of, price, 1n, weeks * week);
        return price?.perCompletionToken;
      };
      const honest = reach(voices);
      if (honest === undefined) return;
      const liar = { owner: "liar", requester: "accomplice", lines: 20, perCompletionToken: lie };
      const moved = reach([...voices, liar])!;
      // What each owner has shown is the lower median of what its requesters saw.
      const medians = [...Map.groupBy(voices, ({ owner }) => owner).values()]
        .map((of) => ascending(of.map((voice) => voice.perCompletionToken)))
        .map((shown) => shown[Math.floor((shown.length - 1) / 2)]!)
        .map((median) => (median > 0n ? median : 1n));
      const above = ascending(medians).find((one) => one > honest) ?? honest;
      expect(moved <= above).toBe(true);
    }),
    { numRuns: 30 },
  );
});
