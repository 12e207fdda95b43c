/** When a request fits under a cap, and when the next one will. */
import { expect, test } from "vitest";
import { firstMinute, fits, minuteOf, roomFor } from "./caps.ts";
import { capReached, shortCredits } from "./refusal.ts";

const hour = 3_600_000;
const minute = 60_000;
const now = Date.UTC(2026, 0, 2, 12, 0, 30);
const at = minuteOf(now);

test("a cap is reached by what was spent and what this request would cost", () => {
  expect(fits(10n, 9n, 1n)).toBe(true);
  expect(fits(10n, 10n, 1n)).toBe(false);
  expect(fits(0n, 0n, 1n)).toBe(false);
  expect(fits(undefined, 1_000n, 1_000n)).toBe(true);
});

test("what costs nothing fits under a cap that is reached", () => {
  expect(fits(10n, 11n, 0n)).toBe(true);
});

test("a minute counts until the window has passed since its end", () => {
  const spentAt = minuteOf(now);
  const end = (spentAt + 1) * minute;
  expect(firstMinute(end + hour - 1, "hourly")).toBe(spentAt);
  expect(firstMinute(end + hour, "hourly")).toBe(spentAt + 1);
  expect(firstMinute(end + 24 * hour - 1, "daily")).toBe(spentAt);
});

test("there is room again when enough of the oldest has left the window", () => {
  const minutes = [
    { minute: at - 50, micro: 2n },
    { minute: at - 20, micro: 3n },
    { minute: at, micro: 5n },
  ];
  const used = { all: 10n, running: 0n };
  const room = (amount: bigint) => roomFor(amount, 10n, used, minutes, "hourly", now);
  expect(room(1n)).toEqual({ kind: "later", inMs: 10 * minute + 30_000 });
  expect(room(2n)).toEqual({ kind: "later", inMs: 10 * minute + 30_000 });
  expect(room(3n)).toEqual({ kind: "later", inMs: 40 * minute + 30_000 });
  expect(room(11n)).toEqual({ kind: "never" });
});

test("the moment that is promised is one at which it fits, and a moment before it does not", () => {
  const minutes = [{ minute: at - 7, micro: 10n }];
  const used = { all: 10n, running: 0n };
  const room = roomFor(1n, 10n, used, minutes, "hourly", now);
  const then = now + (room as { inMs: number }).inMs;
  expect(firstMinute(then, "hourly")).toBeGreaterThan(at - 7);
  expect(firstMinute(then - 1, "hourly")).toBe(at - 7);
});

test("where answers that run take up the room, it is said to be there soon", () => {
  const used = { all: 10n, running: 9n };
  expect(roomFor(5n, 10n, used, [{ minute: at, micro: 10n }], "hourly", now)).toEqual({
    kind: "soon",
  });
});

test.each([
  [0n, "0"],
  [500_000n, "0.5"],
  [10_000_000n, "10"],
  [100_000_001n, "100.000001"],
])("%s micro-credits are shown as %s", (amount, text) => {
  expect(shortCredits(amount)).toBe(text);
});

test("a refusal says which cap, how much of it is spent, and when there is room", () => {
  const amounts = { cap: 5_000_000n, amount: 200_000n, all: 4_900_000n, running: 100_000n };
  const room = { kind: "later", inMs: 12 * minute } as const;
  const error = capReached({ ...amounts, window: "hourly", application: "editor", room });
  expect(error).toMatchObject({ code: "spending_cap", status: 402, retryAfterMs: 12 * minute });
  expect(error.param).toBeUndefined();
  expect(error.message).toBe(
    'The cap of the key "editor" is 5 credits an hour: 4.8 are spent and 0.1 set aside for answers that run, ' +
      "and 0.2 would be set aside for this request. There is room in 12 min.",
  );
  const never = capReached({
    ...{ ...amounts, running: 0n, amount: 6_000_000n },
    ...{ window: "daily", application: undefined, room: { kind: "never" } },
  });
  expect(never.retryAfterMs).toBeUndefined();
  expect(never.message).toMatch(/^The cap is 5 credits a day: 4\.9 are spent, and 6 would/);
});
