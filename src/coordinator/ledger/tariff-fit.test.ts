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
const known = (price: number, raisedAt = 0): FittedPrice => ({
  perCompletionToken: BigInt(price),
  lines: 20,
  owners: 5,
  requesters: 5,
  fittedAt: 0,
  raisedAt,
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
  expect(fitPrice(crowd(5, 10), undefined, 100n, week)).toEqual({
    perCompletionToken: 10n,
    lines: 20,
    owners: 5,
    requesters: 5,
    fittedAt: week,
    raisedAt: 0,
  });
});

test("the price is the lower quartile of the voices", () => {
  const voices = [50, 40, 30, 20, 10].map((price, index) => voice(`o${index}`, `r${index}`, price));
  expect(fitPrice(voices, undefined, 100n, week)?.perCompletionToken).toBe(20n);
});

describe("a price", () => {
  const dear = crowd(8, 1_000);
  test("that was never fitted rises by 5 % from what the size says", () => {
    expect(fitPrice(dear, undefined, 100n, week)?.perCompletionToken).toBe(105n);
  });
  test("rises by 5 % at most, once a week", () => {
    const first = fitPrice(dear, known(100), 1n, week)!;
    expect(first).toMatchObject({ perCompletionToken: 105n, raisedAt: week });
    const early = fitPrice(dear, first, 1n, 2 * week - 1)!;
    expect(early).toMatchObject({ perCompletionToken: 105n, raisedAt: week });
    expect(fitPrice(dear, early, 1n, 2 * week)?.perCompletionToken).toBe(110n);
  });
  test("falls at once, and does not forget when it rose", () => {
    expect(fitPrice(crowd(5, 7), known(100, 5), 1n, 6)).toMatchObject({
      perCompletionToken: 7n,
      raisedAt: 5,
    });
  });
  test("is never nothing", () => {
    expect(fitPrice(crowd(5, 0), known(100), 1n, week)?.perCompletionToken).toBe(1n);
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

test("whatever people show, a week raises a price by 5 % at most, and to no more than was shown", () => {
  fc.assert(
    fc.property(
      fc.array(someVoices, { minLength: 1, maxLength: 20 }),
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      (days, bySize) => {
        let price: FittedPrice | undefined;
        let now = week;
        const history: { at: number; price: bigint }[] = [];
        for (const voices of days) {
          now += week / 7;
          const before: bigint = price?.perCompletionToken ?? bySize;
          price = fitPrice(voices, price, bySize, now) ?? price;
          const after: bigint = price?.perCompletionToken ?? bySize;
          const shown = voices.map(({ perCompletionToken }) => perCompletionToken);
          if (after > before) expect(shown.some((one) => one >= after)).toBe(true);
          history.push({ at: now, price: after });
        }
        for (const [index, later] of history.entries())
          for (const earlier of history.slice(0, index)) {
            if (later.at - earlier.at >= week) continue;
            const between = history.slice(history.indexOf(earlier), index + 1);
            const lowest = between.reduce(
              (least, { price: one }) => (one < least ? one : least),
              earlier.price,
            );
            // From the lowest point within the week, one rise at most.
            expect(later.price * 100n <= lowest * 105n || later.price <= earlier.price).toBe(true);
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

test("one pair alone moves no price of others past the neighbouring voice", () => {
  fc.assert(
    fc.property(someVoices, fc.bigInt({ min: 0n, max: 10n ** 12n }), (voices, lie) => {
      const known100 = { ...known(1), perCompletionToken: 10n ** 12n };
      const honest = fitPrice(voices, known100, 1n, week)?.perCompletionToken;
      if (honest === undefined) return;
      const liar = { owner: "liar", requester: "accomplice", lines: 20, perCompletionToken: lie };
      const moved = fitPrice([...voices, liar], known100, 1n, week)!.perCompletionToken;
      const sorted = voices
        .map(({ perCompletionToken }) => (perCompletionToken > 0n ? perCompletionToken : 1n))
        .toSorted((left, right) => (left < right ? -1 : 1));
      const above = sorted.find((one) => one > honest) ?? honest;
      expect(moved <= above).toBe(true);
    }),
  );
});
