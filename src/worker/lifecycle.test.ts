import { expect, test } from "vitest";
import { nextState, refusalIn, statusOf, type WorkerEvent, type WorkerState } from "./lifecycle.ts";

const states: WorkerState[] = ["starting", "serving", "paused", "draining", "offline"];
const events: WorkerEvent[] = ["ready", "pause", "resume", "drain", "stop"];

test.each<[WorkerState, WorkerEvent[], WorkerState[]]>([
  ["starting", events, ["serving", "paused", "starting", "draining", "offline"]],
  ["serving", events, ["serving", "paused", "serving", "draining", "offline"]],
  ["paused", events, ["paused", "paused", "serving", "draining", "offline"]],
  ["draining", events, ["draining", "draining", "draining", "draining", "offline"]],
  ["offline", events, ["offline", "offline", "offline", "offline", "offline"]],
])("%s goes, on each event, where the picture says", (state, happened, expected) => {
  expect(happened.map((event) => nextState(state, event))).toEqual(expected);
});

test("peers see idle or busy while it serves, and never a state in which it refuses", () => {
  expect(states.map((state) => statusOf(state, true))).toEqual([
    ...["PAUSED", "IDLE", "PAUSED", "DRAINING", "OFFLINE"],
  ]);
  expect(statusOf("serving", false)).toBe("BUSY");
  expect(states.map(refusalIn)).toEqual([
    ...["busy", undefined, "owner_busy", "draining", "draining"],
  ]);
});
