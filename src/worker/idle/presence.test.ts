import { expect, test } from "vitest";
import { atStart, next, type OthersLoad, type Presence, type Sample } from "./presence.ts";

type Step = OthersLoad | Exclude<Sample["rule"], undefined>;
const isRule = (step: Step): step is Exclude<Sample["rule"], undefined> =>
  ["program", "schedule", "battery", "temperature"].includes(String(step));

/** States after each sample, two seconds apart: `a` away, `P` present. */
function follow(steps: readonly Step[], everyMs = 2_000): string {
  let presence: Presence = atStart;
  return steps
    .map((step, index) => {
      const [othersLoad, rule] = isRule(step) ? (["unknown", step] as const) : [step, undefined];
      presence = next(presence, { at: index * everyMs, othersLoad, rule });
      return presence.kind === "present" ? "P" : "a";
    })
    .join("");
}
const times = <Item>(count: number, ...items: Item[]): Item[] =>
  Array.from({ length: count }, () => items).flat();

// Loads as nvidia-smi showed them in percent, and as they are when our own work hides them.
test.each<[name: string, recorded: Step[], states: string]>([
  ["a machine at rest when the worker starts lends at once", [2, 0, 3], "aaa"],
  ["one in use does not", [40, 38, 41], "PPP"],
  ["nor one that is neither", [15, 15, 15], "PPP"],
  ["a game is noticed at its second sample", [3, 97, 98, 96], "aaPP"],
  ["opening a window is not", [3, 60, 8, 55, 4], "aaaaa"],
  ["load between the marks changes nothing while away", [3, 12, 24, 25, 18], "aaaaa"],
  ["nor while present", [90, ...times(30, 12, 24)], "P".repeat(61)],
  ["30 quiet seconds end it", [90, ...times(15, 4), 4, 4], `${"P".repeat(16)}aa`],
  ["29 do not", [90, ...times(14, 4), 30, ...times(15, 4)], "P".repeat(31)],
  ["what flaps every sample does not flap the state", [3, ...times(40, 90, 2)], "a".repeat(81)],
  [
    "what flaps every four seconds does so once",
    [3, ...times(20, 90, 90, 2, 2)],
    `aa${"P".repeat(79)}`,
  ],
  [
    "a pause between two scenes of a film is not its end",
    [90, ...times(6, ...times(8, 4), 11)],
    "P".repeat(55),
  ],
  [
    "our own load does not bring the owner back",
    [3, ...times(50, "hidden" as const)],
    "a".repeat(51),
  ],
  ["nor does it hide one that was half seen", [3, 90, "hidden", 90], "aaaP"],
  ["nor count as quiet", [90, ...times(20, "hidden" as const)], "P".repeat(21)],
  ["without instruments the worker lends", ["unknown", "unknown"], "aa"],
  ["a rule needs no second sample", [3, "program", 3], "aPP"],
  [
    "and ends like load does",
    ["battery", ...times(15, "unknown" as const), "unknown"],
    `${"P".repeat(16)}a`,
  ],
  ["one rule takes over from another", ["schedule", ...times(15, 3), "program", 3], "P".repeat(18)],
])("%s", (_name, recorded, states) => {
  expect(follow(recorded)).toBe(states);
});

test("the reason is the last thing that spoke for the owner", () => {
  const present = next(atStart, { at: 0, othersLoad: 3, rule: "schedule" });
  expect(present).toMatchObject({ reason: "schedule" });
  expect(next(present, { at: 1, othersLoad: 80, rule: undefined })).toMatchObject({
    reason: "load",
  });
});

test("quiet is counted in time, not in samples", () => {
  expect(follow([90, 4, 4, 4], 10_000)).toBe("PPPP");
  expect(follow([90, 4, 4, 4, 4], 10_000)).toBe("PPPPa");
});
