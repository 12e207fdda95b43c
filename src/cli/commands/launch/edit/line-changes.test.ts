import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hunksBetween, takeOut, unifiedDiff } from "./line-changes.ts";

const line = fc.constantFrom("a\n", "b\n", "c\n", "\n", "a\r\n");
const text = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom("", "end"))
  .map(([lines, end]) => lines.join("") + end);

function apply(from: string, to: string): string {
  const lines = from === "" ? [] : from.split(/(?<=\n)/);
  for (const { start, end, lines: instead } of hunksBetween(from, to).toReversed())
    lines.splice(start, end - start, ...instead);
  return lines.join("");
}

test("what differs between two texts makes the other of the one", () => {
  fc.assert(
    fc.property(text, text, (from, to) => {
      expect(apply(from, to)).toBe(to);
    }),
  );
});

test("a change is taken out of an unchanged text whole, and of a changed one or not at all", () => {
  fc.assert(
    fc.property(text, text, text, (before, after, now) => {
      expect(takeOut(before, after, after)).toBe(before);
      expect(takeOut(before, before, now)).toBe(now);
    }),
  );
});

test("what came to another place in the meantime stays", () => {
  const [before, after] = ["one\ntwo\nthree\n", "one\nours\ntwo\nthree\n"];
  expect(takeOut(before, after, "one\nours\ntwo\nthree\nfour\n")).toBe("one\ntwo\nthree\nfour\n");
  expect(takeOut(before, after, "one\nOURS\ntwo\nthree\n")).toBeUndefined();
  expect(takeOut(before, after, "")).toBeUndefined();
});

test("a difference is one that `patch` understands", () => {
  const folder = mkdtempSync(join(tmpdir(), "troop-diff-"));
  const file = join(folder, "file");
  const pairs = [
    ["a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n", "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n"],
    ["a\nb\nc", "a\nc"],
    ["", "new\nlines\n"],
    ["x\n".repeat(20), `${"x\n".repeat(10)}y\n${"x\n".repeat(10)}`],
  ];
  try {
    for (const [from = "", to = ""] of pairs) {
      writeFileSync(file, from);
      const input = `${unifiedDiff(file, from, to)}\n`;
      execFileSync("patch", ["--silent", file], { input });
      expect(readFileSync(file, "utf8")).toBe(to);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a file that was not there, and one that is to go, are named as such", () => {
  expect(unifiedDiff("f", undefined, "a\n")).toBe("--- /dev/null\n+++ f\n@@ -0,0 +1,1 @@\n+a");
  expect(unifiedDiff("f", "a\n", undefined)).toBe("--- f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a");
  expect(unifiedDiff("f", "a\n", "a\n")).toBe("");
});
