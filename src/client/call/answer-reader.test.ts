import fc from "fast-check";
import { expect, test } from "vitest";
import { frameOf, openTestSession } from "../../protocol/sealed-stream.fixture.ts";
import { createAnswerReader } from "./answer-reader.ts";

type Sent = [type: "head" | "body" | "line", content: unknown, isFinal?: "final"];
const head = (status: number): Sent => ["head", { status, headers: {} }];

/** The bytes of an answer, and a reader that can open them. */
function answerOf(frames: readonly Sent[]) {
  const { client, worker } = openTestSession().exchange();
  const sealed = frames.map(([type, content, isFinal]) =>
    worker.answer.seal(frameOf(type, JSON.stringify(content)), isFinal === "final"),
  );
  return { bytes: Buffer.concat(sealed), reader: createAnswerReader(client.answer) };
}

const whole: Sent[] = [head(200), ["body", "a"], ["body", "b"], ["line", { k: 1 }, "final"]];
const wholeBytes = answerOf(whole).bytes.length;
const truncated = expect.objectContaining({ code: "stream_truncated" }) as Error;

test("however the network cuts an answer, its parts are the same", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(wholeBytes), { maxLength: 8 }), (places) => {
      const { bytes, reader } = answerOf(whole);
      const cuts = [0, ...places.toSorted((left, right) => left - right), bytes.length];
      const parts = cuts
        .slice(1)
        .flatMap((end, index) => reader.push(bytes.subarray(cuts[index], end)));
      reader.end();
      expect(parts.map(({ kind }) => kind)).toEqual(["head", "body", "body", "line"]);
      expect(parts[3]).toEqual({ kind: "line", line: { k: 1 } });
    }),
  );
});

test("an answer cut short anywhere is not whole", () => {
  fc.assert(
    fc.property(fc.nat(wholeBytes - 1), (end) => {
      const { bytes, reader } = answerOf(whole);
      reader.push(bytes.subarray(0, end));
      expect(() => reader.end()).toThrow(truncated);
    }),
  );
});

test("a refusal ends without a line, with its last body", () => {
  const { bytes, reader } = answerOf([head(503), ["body", { error: {} }, "final"]]);
  reader.push(bytes);
  expect(() => reader.end()).not.toThrow();
});

test("a refusal that may go on is not whole", () => {
  const { bytes, reader } = answerOf([head(503), ["body", { error: {} }]]);
  reader.push(bytes);
  expect(() => reader.end()).toThrow(truncated);
});

test.each<[string, Sent[]]>([
  ["a body without a head", [["body", "a"]]],
  ["a line without a head", [["line", {}, "final"]]],
  ["a head that is all", [["head", { status: 200, headers: {} }, "final"]]],
  ["two heads", [head(200), head(200)]],
  ["content that ends without a line", [head(200), ["body", "a", "final"]]],
  ["a line that may go on", [head(200), ["line", {}]]],
  ["a line after a refusal", [head(503), ["line", {}, "final"]]],
  ["a head that is none", [["head", { status: "200" }]]],
])("%s is out of order", (_name, frames) => {
  const { bytes, reader } = answerOf(frames);
  expect(() => reader.push(bytes)).toThrow(truncated);
});
