/** What is remembered of nodes: speed before claims, for some minutes, and failures. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { promisedSpeed } from "./expectation.ts";
import { createExperience } from "./experience.ts";

const promised = promisedSpeed(1);
/** 2 ms a token until the first word, 50 ms for each of 100 tokens after it. */
const slow = { firstMs: 2_400, endMs: 7_400, unreadTokens: 1_000, answerTokens: 100, crowding: 1 };

test("what was seen counts before what is promised, and fades", async () => {
  const clock = createFakeClock();
  const experience = createExperience(clock);
  expect(experience.speedOf("a", "m", promised)).toEqual(promised);
  experience.answered("a", "m", slow);
  expect(experience.speedOf("a", "m", promised)).toEqual({
    readMsPerToken: 2,
    writeMsPerToken: 50,
  });
  expect(experience.speedOf("a", "another", promised)).toEqual(promised);
  await clock.advance(600_000);
  expect(experience.speedOf("a", "m", promised)).toEqual({
    readMsPerToken: 1.5,
    writeMsPerToken: 37.5,
  });
});

test("a liar is found out with its first answer", () => {
  const experience = createExperience(createFakeClock());
  experience.answered("liar", "m", slow);
  expect(experience.speedOf("liar", "m", promisedSpeed(20)).writeMsPerToken).toBe(50);
});

test("a node is not blamed for what it does beside, nor for an answer too short to tell", () => {
  const experience = createExperience(createFakeClock());
  experience.answered("a", "m", { ...slow, crowding: 2 });
  expect(experience.speedOf("a", "m", promised).writeMsPerToken).toBe(25);
  experience.answered("a", "m", { ...slow, endMs: 60_000, answerTokens: 3 });
  expect(experience.speedOf("a", "m", promised).writeMsPerToken).toBe(25);
});

test("one failure takes a node out for half a minute, the next for longer, an answer ends it", async () => {
  const clock = createFakeClock();
  const experience = createExperience(clock);
  experience.failed("a");
  expect([experience.isOut("a"), experience.isOut("b")]).toEqual([true, false]);
  await clock.advance(30_000);
  expect(experience.isOut("a")).toBe(false);
  experience.failed("a");
  await clock.advance(30_000);
  expect(experience.isOut("a")).toBe(true);
  await clock.advance(30_000);
  expect(experience.isOut("a")).toBe(false);
  expect(experience.failureShare("a")).toBeCloseTo(0.51);
  experience.answered("a", "m", slow);
  experience.failed("a");
  await clock.advance(30_000);
  expect(experience.isOut("a")).toBe(false);
});
