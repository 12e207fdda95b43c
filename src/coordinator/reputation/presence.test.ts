/** Whose silence counts, and for how long. */
import { expect, test } from "vitest";
import type { NodeStatus } from "../../protocol/node.ts";
import { createPresenceWatch } from "./presence.ts";

const second = 1_000;
const minute = 60 * second;
const leaseMs = 30 * second;

function watch() {
  const clock = { at: 10_000_000, now: () => clock.at };
  const presence = createPresenceWatch(clock, leaseMs);
  return {
    clock,
    presence,
    /** A beat that comes so long after one of this status. */
    beatAfter(silentMs: number, status: NodeStatus = "IDLE") {
      const endsAt = clock.at + leaseMs;
      clock.at += silentMs;
      presence.beat("n", { status, endsAt });
    },
  };
}

test("the time between beats is time that the node was there, also where one got lost", () => {
  const { beatAfter, presence } = watch();
  for (const ms of [10, 10, 25]) beatAfter(ms * second);
  expect(presence.take().get("n")).toEqual({ presentMs: 45 * second, missedMs: 0 });
});

test("more beats than were asked for bring nothing", () => {
  const { beatAfter, presence } = watch();
  for (let count = 0; count < 100; count += 1) beatAfter(100);
  expect(presence.take().get("n")).toEqual({ presentMs: 10 * second, missedMs: 0 });
});

test.each(["IDLE", "BUSY"] as const)(
  "who was %s and falls silent has missed that time",
  (status) => {
    const { beatAfter, presence } = watch();
    beatAfter(2 * minute, status);
    expect(presence.take().get("n")).toEqual({ presentMs: 0, missedMs: 2 * minute });
  },
);

test("ten minutes of it at most: afterwards nobody was sent there", () => {
  const { beatAfter, presence } = watch();
  beatAfter(8 * 60 * minute);
  expect(presence.take().get("n")).toEqual({ presentMs: 0, missedMs: 10 * minute });
});

test.each(["PAUSED", "DRAINING", "OFFLINE", "PROVING"] as const)(
  "who said %s may be away as long as they like",
  (status) => {
    const { beatAfter, presence } = watch();
    beatAfter(8 * 60 * minute, status);
    expect(presence.take().get("n")).toEqual({ presentMs: 0, missedMs: 0 });
  },
);

test("a first beat says nothing, nor does one that follows a time in which nobody listened", () => {
  const { clock, presence } = watch();
  presence.beat("n", undefined);
  presence.beat("n", { status: "IDLE", endsAt: clock.at - minute });
  expect(presence.take().size).toBe(0);
});

test("who could not be heard here has missed nothing, and is counted again from the next beat on", () => {
  const { clock, presence, beatAfter } = watch();
  const endsAt = clock.at + leaseMs;
  clock.at += 5 * minute;
  presence.excuse();
  clock.at += 5 * second;
  presence.beat("n", { status: "IDLE", endsAt });
  expect(presence.take().size).toBe(0);
  beatAfter(2 * minute);
  expect(presence.take().get("n")).toEqual({ presentMs: 0, missedMs: 2 * minute });
});

test("what was taken is not given again", () => {
  const { beatAfter, presence } = watch();
  beatAfter(10 * second);
  expect(presence.take().size).toBe(1);
  expect(presence.take().size).toBe(0);
});
