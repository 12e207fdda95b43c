/** Beginnings of prompts, and who has read them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { createPrefixes } from "./prefixes.ts";

const start = () => {
  const clock = createFakeClock();
  return { clock, prefixes: createPrefixes({ clock, random: systemRandom }) };
};
const chat = (...contents: string[]) => ({
  messages: contents.map((content) => ({ role: "user", content })),
});
const long = (word: string, times = 1_000) => `${word} `.repeat(times);

test("a conversation that goes on is known where it was, as far as it is the same", () => {
  const { prefixes } = start();
  const first = prefixes.read(chat(long("one")));
  prefixes.sent("a", "m", first);
  const next = prefixes.read(chat(long("one"), long("two")));
  const cached = prefixes.cachedTokens("a", "m", next);
  expect(cached).toBeGreaterThan(first.tokens - 300);
  expect(cached).toBeLessThanOrEqual(first.tokens);
  expect(prefixes.cachedTokens("b", "m", next)).toBe(0);
  expect(prefixes.cachedTokens("a", "another", next)).toBe(0);
  expect(prefixes.cachedTokens("a", "m", prefixes.read(chat(long("other"), long("one"))))).toBe(0);
});

test("tools stand before what was said, as templates put them", () => {
  const { prefixes } = start();
  const tools = [{ type: "function", function: { name: "f", description: long("does") } }];
  prefixes.sent("a", "m", prefixes.read({ ...chat("short"), tools }));
  expect(
    prefixes.cachedTokens("a", "m", prefixes.read({ tools, ...chat("else") })),
  ).toBeGreaterThan(1_000);
  expect(prefixes.cachedTokens("a", "m", prefixes.read(chat("short")))).toBe(0);
});

test("engines forget, and so is it forgotten here", async () => {
  const { clock, prefixes } = start();
  const prompt = prefixes.read(chat(long("one")));
  prefixes.sent("a", "m", prompt);
  await clock.advance(600_001);
  expect(prefixes.cachedTokens("a", "m", prompt)).toBe(0);
});

test("a node that was sent it last holds a beginning, until it turns out that it was refused there", () => {
  const { prefixes } = start();
  const prompt = prefixes.read(chat(long("one")));
  prefixes.sent("a", "m", prompt);
  prefixes.sent("b", "m", prompt);
  expect(prefixes.cachedTokens("a", "m", prompt)).toBe(0);
  prefixes.refused("a", "m", prompt);
  expect(prefixes.cachedTokens("b", "m", prompt)).toBeGreaterThan(500);
  prefixes.refused("b", "m", prompt);
  expect(prefixes.cachedTokens("b", "m", prompt)).toBe(0);
});

test("no digest tells of the text: another client's of the same are others", () => {
  const prompt = chat(long("one"));
  expect(start().prefixes.read(prompt).beginnings).not.toEqual(
    start().prefixes.read(prompt).beginnings,
  );
});

test("a prompt without end is read to a bound", () => {
  const { prefixes } = start();
  expect(prefixes.read(chat(long("word", 500_000))).beginnings).toHaveLength(256);
});

test("an image counts as what models make of it, not as its data", () => {
  const url = `data:image/png;base64,${"A".repeat(100_000)}`;
  const messages = [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }];
  const { tokens } = start().prefixes.read({ messages });
  expect(tokens).toBeGreaterThanOrEqual(1_000);
  expect(tokens).toBeLessThan(1_100);
});

test("two prompts share just the beginnings of their common text", () => {
  const { prefixes } = start();
  const text = fc.string({ maxLength: 5_000 });
  fc.assert(
    fc.property(text, text, text, (common, left, right) => {
      const [one, other] = [left, right].map((end) => prefixes.read({ prompt: common + end }));
      const shared = one!.beginnings.filter((beginning, at) => other!.beginnings[at] === beginning);
      const texts = [left, right].map((end) => JSON.stringify(common + end)) as [string, string];
      let same = 0;
      while (same < texts[0].length && texts[0][same] === texts[1][same]) same += 1;
      const blocks = Math.min(...[one!, other!].map(({ beginnings }) => beginnings.length));
      expect(shared).toHaveLength(Math.min(blocks, Math.floor(same / 1_024)));
    }),
    { numRuns: 50 },
  );
});
