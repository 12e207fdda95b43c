/** The search itself: a form that it did not know would be a place to hide in. */
import { expect, test } from "vitest";
import { findMarks, newMark } from "./marks.ts";

const written: [string, (text: string) => string | Buffer][] = [
  ["as it is", (text) => text],
  ["in JSON", (text) => JSON.stringify({ text })],
  ["in JSON within JSON", (text) => JSON.stringify({ text: JSON.stringify({ text }) })],
  ["in JSON in ASCII", (text) => JSON.stringify(text).replaceAll("ü", "\\u00fc")],
  ["in a row of SQL", (text) => `("${text.replaceAll(/["\\]/g, "$&$&")}")`],
  ["in hex", (text) => Buffer.from(text).toString("hex")],
  ["in a column of bytes", (text) => `\\x${Buffer.from(text).toString("hex")}`],
  ["in UTF-16", (text) => Buffer.from(text, "utf16le")],
  ...["base64", "base64url"].flatMap((kind) =>
    ["", "a", "ab"].map((before): [string, (text: string) => string] => [
      `in ${kind} behind ${before.length} bytes`,
      (text) => Buffer.from(`${before}${text}`).toString(kind as "base64"),
    ]),
  ),
];

test.each(written)("a mark is found %s, and none that is not there", (_form, write) => {
  const [mark, other] = [newMark(), newMark()];
  const place = Buffer.concat([Buffer.alloc(64, "="), Buffer.from(write(mark)), Buffer.alloc(64)]);
  const hits = findMarks([mark, other], { place: [place] });
  expect(new Set(hits.map((hit) => hit.mark))).toEqual(new Set([mark]));
});
