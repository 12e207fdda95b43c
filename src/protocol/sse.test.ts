import fc from "fast-check";
import { expect, test } from "vitest";
import { createEventReader, formatComment, formatEvent } from "./sse.ts";

test("events survive any cut of the text between them", () => {
  const data = fc.array(fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n]/.test(text)));
  fc.assert(
    fc.property(data, fc.integer({ min: 1, max: 9 }), (events, size) => {
      const text = events.map((event) => formatComment("hold on") + formatEvent(event)).join("");
      const reader = createEventReader(10_000);
      const read: string[] = [];
      for (let at = 0; at < text.length; at += size)
        read.push(...reader.push(text.slice(at, at + size)));
      expect(read).toEqual(events);
    }),
  );
});

test.each([
  ["\r\n line ends, even cut in two", ["data: a\r", "\n\r\n"], ["a"]],
  ["several data lines of one event", ["data: a\ndata: b\n\n"], ["a\nb"]],
  ["no space after the colon", ["data:a\n\n"], ["a"]],
  ["other fields", ["event: x\nid: 1\ndata: a\n\n"], ["a"]],
  ["an event without its blank line", ["data: a\n"], []],
])("it understands %s", (_case, pieces, events) => {
  const reader = createEventReader(1_000);
  expect(pieces.flatMap((piece) => reader.push(piece))).toEqual(events);
});

test("an event that never ends is refused at the bound", () => {
  const reader = createEventReader(100);
  expect(() => reader.push(`data: ${"x".repeat(200)}`)).toThrow(RangeError);
});
