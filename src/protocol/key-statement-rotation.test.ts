/** Keys come and go without a request being lost to it: what somebody was told of opens for as long as they may use it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { keysToHold, newKeyLife, type KeyLife } from "./key-statement-rotation.ts";
import { limits } from "./limits.ts";

const { sealingKeyLifeMs: week, sealingKeyOverlapMs: day, sealingKeyGraceMs: grace } = limits;
const start = 1_800_000_000_000;
const lifeAt = (from: number): KeyLife => ({ from, until: from + week });

test("a worker that starts makes a key", () => {
  expect(keysToHold(start, [])).toMatchObject({ shown: undefined, opened: [], isNextDue: true });
});

const only = lifeAt(start);
const next = lifeAt(start + week - day);
test.each([
  ["while it is new", start, [only], only, [only], false],
  ["just before its last day", start + week - day - 1, [only], only, [only], false],
  ["on its last day", start + week - day, [only], only, [only], true],
  ["with the next there", start + week - day, [only, next], next, [only, next], false],
  ["after its end", start + week, [only, next], next, [only, next], false],
  ["before the grace is over", start + week + grace - 1, [only, next], next, [only, next], false],
  ["after the grace", start + week + grace, [only, next], next, [next], false],
  ["alone and ended, as after a long sleep", start + week, [only], undefined, [only], true],
  ["made by a clock that was ahead", start - 3_600_000, [only], undefined, [only], true],
])("a key %s", (_case, now, keys, shown, opened, isNextDue) => {
  expect(keysToHold(now, keys)).toMatchObject({ shown, opened, isNextDue });
});

test("whenever a worker looks, what it showed is opened until a ticket of the last moment is dead", () => {
  const naps = fc.array(fc.integer({ min: 1, max: 3 * day }), { minLength: 5, maxLength: 60 });
  fc.assert(
    fc.property(naps, (waits) => {
      let now = start;
      let keys: KeyLife[] = [];
      const told = new Set<KeyLife>();
      for (const wait of waits) {
        const held = keysToHold(now, keys);
        keys = held.isNextDue ? [...held.opened, newKeyLife(now)] : held.opened;
        const { shown, isNextDue, lookAgainAt } = keysToHold(now, keys);
        expect(isNextDue).toBe(false);
        expect(shown && shown.until - now).toBeGreaterThan(day - 1_000);
        expect(keys.length).toBeLessThanOrEqual(2);
        told.add(shown!);
        // A client seals until the end, under a ticket that lives a little longer, by a clock that is a little off.
        const usable = [...told].filter(
          ({ until }) => now < until + limits.ticketLifeMs + limits.clockSkewMs,
        );
        expect(keys).toEqual(expect.arrayContaining(usable));
        expect(lookAgainAt).toBeGreaterThan(now);
        // On time, or later, as a machine that slept.
        now = wait % 2 ? lookAgainAt : now + wait;
      }
    }),
    { numRuns: 200 },
  );
});

test("a key's life is what a statement can say: whole seconds, a week, begun already", () => {
  const { from, until } = newKeyLife(start + 1_999);
  expect([from, until]).toEqual([start + 1_000, start + 1_000 + week]);
});
