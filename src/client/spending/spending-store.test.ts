/** The sums are those of the requests, whatever becomes of these, and of this process. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { openLocalDatabase } from "../../host/local-database.ts";
import { firstMinute } from "./caps.ts";
import { createSpendingStore, type Purchase, type SpendingStore } from "./spending-store.ts";

const start = Date.UTC(2026, 0, 1);
const open = () => createSpendingStore(openLocalDatabase("", ":memory:"));
const purchase = (changes: Partial<Purchase> = {}): Purchase => ({
  ...{ hold: "h", k: 1, application: "", model: "m", at: start },
  ...{ reserve: 10n, most: 1_000n, perSecond: 100n },
  ...changes,
});

/** All that counts. */
const sum = (store: SpendingStore) =>
  store.shares(0).reduce((total, { micro }) => total + micro, 0n);

test("while it runs a request counts with what is set aside, afterwards with what it cost", () => {
  const store = open();
  store.begin(purchase());
  expect([sum(store), store.running(), store.spent(0)]).toEqual([10n, 10n, 0n]);
  store.finish(purchase(), 3n);
  expect([sum(store), store.running(), store.spent(0)]).toEqual([3n, 0n, 3n]);
  // The history says otherwise later.
  store.correct("h", 1, 4n);
  expect(sum(store)).toBe(4n);
});

test("what was not sent leaves nothing, and its number may be used again", () => {
  const store = open();
  store.begin(purchase());
  store.forget("h", 1);
  expect(store.shares(0)).toEqual([]);
  store.begin(purchase({ reserve: 7n }));
  expect(sum(store)).toBe(7n);
});

test("a former process's requests count with the most that they may have cost by now", () => {
  const store = open();
  store.begin(purchase({ k: 1 }));
  store.begin(purchase({ k: 2, most: 250n }));
  store.begin(purchase({ k: 3 }));
  store.finish(purchase({ k: 3 }), 1n);
  store.settleLost(start + 4_000, 1_000);
  // 5 s × 100, what its ticket had left, what it cost.
  expect(store.spent(0)).toBe(500n + 250n + 1n);
  expect(store.running()).toBe(0n);
});

test("applications and models are told apart", () => {
  const store = open();
  store.begin(purchase({ k: 1, application: "editor" }));
  store.begin(purchase({ k: 2, application: "editor", model: "n" }));
  store.begin(purchase({ k: 3 }));
  store.finish(purchase({ k: 2, application: "editor", model: "n" }), 5n);
  expect([store.spent(0, "editor"), store.spent(0, ""), store.spent(0)]).toEqual([5n, 0n, 5n]);
  expect([store.running("editor"), store.running("")]).toEqual([10n, 10n]);
  expect(store.shares(0)).toEqual([
    { application: "", model: "m", micro: 10n },
    { application: "editor", model: "m", micro: 10n },
    { application: "editor", model: "n", micro: 5n },
  ]);
});

test("what no window holds any more is dropped, but nothing that still runs", () => {
  const store = open();
  store.begin(purchase({ k: 1 }));
  store.finish(purchase({ k: 1 }), 3n);
  store.begin(purchase({ k: 2 }));
  store.prune(firstMinute(start + 25 * 3_600_000, "daily"));
  store.correct("h", 1, 9n);
  expect([store.spent(0), store.running()]).toEqual([0n, 10n]);
});

const amount = fc.bigInt({ min: 0n, max: 2n ** 55n });
const request = fc.record({
  minutes: fc.integer({ min: 0, max: 90 }),
  ...{ reserve: amount, cost: amount, real: amount },
  fate: fc.constantFrom("runs", "over", "corrected", "forgotten"),
});

test("the sum is what a plain list of requests adds up to", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
      const store = open();
      let total = 0n;
      for (const [k, { minutes, reserve, cost, real, fate }] of requests.entries()) {
        const made = purchase({ k, at: start + minutes * 60_000, reserve });
        store.begin(made);
        if (fate === "forgotten") store.forget("h", k);
        if (fate === "over" || fate === "corrected") store.finish(made, cost);
        // Of one that runs the history says nothing yet.
        if (fate === "corrected" || fate === "runs") store.correct("h", k, real);
        total += { runs: reserve, over: cost, corrected: real, forgotten: 0n }[fate];
      }
      expect(sum(store)).toBe(total);
      const byMinute = store.minutes(0).reduce((all, { micro }) => all + micro, 0n);
      expect(byMinute).toBe(store.spent(0));
    }),
    { numRuns: 60 },
  );
});
