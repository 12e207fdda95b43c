import { expect, test } from "vitest";
import { scriptedModel, tokensOf } from "./scripted-model.ts";
import { createDecoder, createStopWatch, createThoughtSplitter } from "./text.ts";

test("a character whose bytes come in several tokens is passed on whole", () => {
  const decoder = createDecoder(scriptedModel(), new Set());
  const pieces = tokensOf("a€😀z").map((token) => decoder.push(token));
  expect(pieces).toEqual(["a", "", "", "€", "", "", "", "😀", "z"]);
});

test("bytes that never become a character are not held for ever", () => {
  const decoder = createDecoder(scriptedModel(), new Set());
  const half = tokensOf("😀").slice(0, 2);
  expect(half.map((token) => decoder.push(token))).toEqual(["", ""]);
  expect(decoder.flush()).toBe("\uFFFD");
});

test("text ends before the first stop text, also when it comes in pieces", () => {
  const watch = createStopWatch(["END", "\n\n"]);
  expect(watch.push("one E")).toEqual({ text: "one ", stopped: false });
  expect(watch.push("N")).toEqual({ text: "", stopped: false });
  expect(watch.push("Dless")).toEqual({ text: "", stopped: true });
});

test("what only looked like a stop text is passed on", () => {
  const watch = createStopWatch(["END"]);
  watch.push("E");
  expect(watch.push("very")).toEqual({ text: "Every", stopped: false });
  watch.push(" EN");
  expect(watch.flush()).toBe("EN");
});

const markers = { open: "<think>", close: "</think>" };

test("reasoning is parted from the answer, also when the markers come in pieces", () => {
  const splitter = createThoughtSplitter({ ...markers, startsInside: false });
  const pieces = ["<th", "ink>hm", "m</", "think>yes"].flatMap((text) => splitter.push(text));
  expect(pieces).toEqual([
    { kind: "reasoning", text: "hm" },
    { kind: "reasoning", text: "m" },
    { kind: "content", text: "yes" },
  ]);
});

test("an answer that begins inside a thought is reasoning until the thought ends", () => {
  const splitter = createThoughtSplitter({ ...markers, startsInside: true });
  expect(splitter.push("hm</think>yes")).toEqual([
    { kind: "reasoning", text: "hm" },
    { kind: "content", text: "yes" },
  ]);
});
