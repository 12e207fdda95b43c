import fc from "fast-check";
import { expect, test } from "vitest";
import { sealFrame } from "../protocol/sealed-stream.ts";
import { createAnswerReader } from "./answer-reader.ts";

const frame = (type: "head" | "body" | "line", content: unknown) =>
  sealFrame({ type, bytes: Buffer.from(JSON.stringify(content)) });
const head = (status: number) => frame("head", { status, headers: {} });
const whole = Buffer.concat([
  head(200),
  frame("body", "a"),
  frame("body", "b"),
  frame("line", { k: 1 }),
]);

test("however the network cuts an answer, its parts are the same", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length), { maxLength: 8 }), (places) => {
      const cuts = [0, ...places.toSorted((left, right) => left - right), whole.length];
      const reader = createAnswerReader();
      const parts = cuts
        .slice(1)
        .flatMap((end, index) => reader.push(whole.subarray(cuts[index], end)));
      reader.end();
      expect(parts.map(({ kind }) => kind)).toEqual(["head", "body", "body", "line"]);
      expect(parts[3]).toEqual({ kind: "line", line: { k: 1 } });
    }),
  );
});

test("an answer cut short anywhere is not whole", () => {
  fc.assert(
    fc.property(fc.nat(whole.length - 1), (end) => {
      const reader = createAnswerReader();
      reader.push(whole.subarray(0, end));
      expect(() => reader.end()).toThrow(
        expect.objectContaining({ code: "stream_truncated" }) as Error,
      );
    }),
  );
});

test("a refusal ends without a line", () => {
  const reader = createAnswerReader();
  reader.push(Buffer.concat([head(503), frame("body", { error: {} })]));
  expect(() => reader.end()).not.toThrow();
});

test.each([
  ["a body without a head", [frame("body", "a")]],
  ["a line without a head", [frame("line", {})]],
  ["two heads", [head(200), head(200)]],
  ["a body after the line", [head(200), frame("line", {}), frame("body", "a")]],
  ["two lines", [head(200), frame("line", {}), frame("line", {})]],
  ["a line after a refusal", [head(503), frame("line", {})]],
  ["a head that is none", [frame("head", { status: "200" })]],
])("%s is out of order", (_name, frames) => {
  expect(() => createAnswerReader().push(Buffer.concat(frames))).toThrow(
    expect.objectContaining({ code: "stream_truncated" }) as Error,
  );
});
