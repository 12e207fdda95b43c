/** Which reason a donor hears: the first that applies, obstacles before other people's choices. */
import { expect, test } from "vitest";
import { changes, now, quiet, wantedModel } from "./facts.fixture.ts";
import { recentMs, whyNoWork, type WhyCode, type WorkFacts } from "./why-no-work.ts";

const whyWith = (...changed: Partial<WorkFacts>[]) =>
  whyNoWork(Object.assign({}, quiet, ...changed) as WorkFacts)?.code;
const codes = Object.keys(changes) as WhyCode[];

test.each(codes)("%s", (code) => {
  expect(whyWith(changes[code])).toBe(code);
});

/** Of those that are about one fact each the order is the facts'. */
const byFact: WhyCode[][] = [
  ["starting", "draining", "paused", "proving"],
  ["upgrade_required", "unreachable", "coordinator_unreachable", "not_enrolled"],
  ["outside_schedule", "on_battery", "too_hot", "owner_present"],
  ["no_engine", "engine_down", "no_models"],
  ["lent_to_few"],
  ["demand_unknown", "others_preferred"],
];

test("what the owner did comes before what is broken, and that before what others do", () => {
  expect(byFact.flat().toSorted()).toEqual(
    codes.filter((code) => code !== "nobody_asks").toSorted(),
  );
  byFact.forEach((sooner, index) => {
    for (const first of sooner)
      for (const second of byFact.slice(index + 1).flat())
        expect(whyWith(changes[second], changes[first]), `${first} before ${second}`).toBe(first);
  });
});

test("while a request runs there is work, whatever else is true", () => {
  for (const code of codes) expect(whyWith(changes[code], { active: 1 })).toBeUndefined();
});

test.each([
  ["nobody_asks", recentMs - 1, undefined],
  ["nobody_asks", recentMs, "nobody_asks"],
  ["others_preferred", recentMs - 1, undefined],
  ["demand_unknown", recentMs - 1, undefined],
  // What keeps requests away is told at once.
  ["paused", 0, "paused"],
  ["coordinator_unreachable", 0, "coordinator_unreachable"],
] as const)("%s, and the last request ended %i ms ago: %s", (code, agoMs, said) => {
  expect(whyWith(changes[code], { lastServedAt: now - agoMs })).toBe(said);
});

test("a wish counts as others' only while it is new, and only for what is offered here", () => {
  const whyAfter = (agoMs: number, mine: boolean) =>
    whyWith({ demand: [wantedModel({ mine, asked_at: now - agoMs, others: 2 })] });
  expect(whyAfter(recentMs - 1, true)).toBe("others_preferred");
  expect(whyAfter(recentMs, true)).toBe("nobody_asks");
  expect(whyAfter(0, false)).toBe("nobody_asks");
});

test("one engine that is well keeps the reason from being another that is down", () => {
  const engines = [...changes.engine_down.engines!, ...changes.no_models.engines!];
  expect(whyWith({ engines, models: 0 })).toBe("no_models");
  expect(whyWith({ engines, models: 1 })).toBe("nobody_asks");
});
