/** Events that are recognised without being read say what they would say if they were. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createTextTemplate } from "./text-template.ts";

const eventOf = (content: string, more: object = {}) =>
  JSON.stringify({ id: "x", choices: [{ index: 0, delta: { content }, ...more }] });
const contentOf = (event: string) =>
  (JSON.parse(event) as { choices: { delta: { content: string } }[] }).choices[0]!.delta.content;

function learned(event: string, text: string) {
  const template = createTextTemplate();
  template.learn(event, text);
  return template;
}

test("an event with another text is recognised, whatever the text, or left to be read", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (first, second) => {
      const event = eventOf(second);
      const text = learned(eventOf(first), first).match(event);
      expect(text === undefined || text === contentOf(event)).toBe(true);
    }),
  );
  expect(learned(eventOf("one"), "one").match(eventOf("zwei ü 🐒"))).toBe("zwei ü 🐒");
});

test.each([
  ["a finish", eventOf("two", { finish_reason: "stop" })],
  ["another id", eventOf("two").replace('"x"', '"y"')],
  ["an escape", eventOf('a "quoted" word')],
  ["a line end", eventOf("two\n")],
  ["two texts", `${eventOf("two").slice(0, -1)},"content":"two"}`],
  ["no text", JSON.stringify({ id: "x", choices: [] })],
])("an event with %s is left to be read", (_what, event) => {
  expect(learned(eventOf("one"), "one").match(event)).toBeUndefined();
});

test("surroundings that could hold the text in two places are not learned", () => {
  const twice = JSON.stringify({ content: "one", choices: [{ delta: { content: "one" } }] });
  expect(learned(twice, "one").match(twice)).toBeUndefined();
  const quoted = eventOf("one", { note: '"content":"one"' });
  expect(learned(quoted, "one").match(quoted)).toBe("one");
});

test("the text that was read, and no other, is what is learned", () => {
  expect(learned(eventOf("one"), "another").match(eventOf("one"))).toBeUndefined();
  expect(createTextTemplate().match(eventOf("one"))).toBeUndefined();
});

test("what was learned last counts", () => {
  const template = learned(eventOf("one"), "one");
  const other = (text: string) => eventOf(text, { logprobs: null });
  template.learn(other("two"), "two");
  expect(template.match(other("three"))).toBe("three");
  expect(template.match(eventOf("three"))).toBeUndefined();
});
