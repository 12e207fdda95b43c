/** That questions are as long as they should be, and never the same. */
import { expect, test } from "vitest";
import { seededRandom } from "../../../test/simulation/world/random.ts";
import { answerTokens, drawLength, makePrompt, usualLengths } from "./prompts.ts";

const random = seededRandom(4);

test.each([20, 60, 400, 2_000])("a question of %d tokens has about as many", (prompt) => {
  for (let count = 0; count < 20; count += 1) {
    const tokens = makePrompt(random, { prompt, answer: 100 }).length / 4;
    expect(tokens).toBeGreaterThan(prompt / 2 - 10);
    expect(tokens).toBeLessThan(prompt + 40);
  }
});

test("what people paste into a prompt by the megabyte is not repeated at others' cost", () => {
  const longest = makePrompt(random, { prompt: 100_000, answer: 100_000 });
  expect(longest.length).toBeLessThan(2_040 * 4);
  expect(answerTokens({ prompt: 1, answer: 100_000 })).toBe(96);
  expect(answerTokens({ prompt: 1, answer: 1 })).toBe(32);
});

test("of two hundred questions no two are the same", () => {
  const made = Array.from({ length: 200 }, () =>
    makePrompt(random, drawLength(random, usualLengths)),
  );
  expect(new Set(made).size).toBeGreaterThan(195);
});

test("lengths are drawn from what is given, and where nothing is, there are some all the same", () => {
  const given = [{ prompt: 7, answer: 7 }];
  expect(drawLength(random, given)).toEqual(given[0]);
  expect(drawLength(random, [])).toEqual(usualLengths[0]);
});
