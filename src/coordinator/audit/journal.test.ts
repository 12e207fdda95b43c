/** The audit's files: bounded, private, and never ahead of the table by what they forget. */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { origin } from "./chain.ts";
import { openJournal, readLines, type Journal } from "./journal.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troop-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function shipAll(journal: Journal): string[] {
  const lines: string[] = [];
  for (let batch = journal.waiting(); batch; batch = journal.waiting()) {
    lines.push(...batch.lines);
    journal.shipped(batch.end, origin);
  }
  return lines;
}
const bounds = { segmentBytes: 100, segments: 3 };
const line = (number: number) => `line ${String(number).padStart(3, "0")} ${"x".repeat(30)}`;

test("what was not shipped is there after a restart, once and in order", () => {
  const first = openJournal(folder);
  first.append("a");
  first.append("b");
  expect(shipAll(first)).toEqual(["a", "b"]);
  first.append("c");
  first[Symbol.dispose]();
  using second = openJournal(folder);
  second.append("d");
  expect(shipAll(second)).toEqual(["c", "d"]);
  expect(shipAll(second)).toEqual([]);
});

test("only its owner reads it", () => {
  using journal = openJournal(folder);
  journal.append("a");
  shipAll(journal);
  expect(readdirSync(folder).toSorted()).toEqual(["audit-00000001.jsonl", "shipped.json"]);
  for (const name of readdirSync(folder))
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test("shipped segments make room for new ones, the oldest first", () => {
  using journal = openJournal(folder, bounds);
  for (let number = 1; number <= 20; number += 1) {
    expect(journal.append(line(number))).toBe(true);
    expect(shipAll(journal)).toEqual([line(number)]);
  }
  expect(readdirSync(folder).filter((name) => name.endsWith(".jsonl"))).toHaveLength(3);
});

test("what the table does not have yet makes room for nothing: then no more is taken", () => {
  using journal = openJournal(folder, bounds);
  const taken: string[] = [];
  for (let number = 1; number <= 20; number += 1)
    if (journal.append(line(number))) taken.push(line(number));
  expect(taken.length).toBeLessThan(20);
  expect(shipAll(journal)).toEqual(taken);
  expect(journal.append(line(21))).toBe(true);
  expect(shipAll(journal)).toEqual([line(21)]);
});

test("half a line that a power cut left stands alone, and takes no other with it", () => {
  const first = openJournal(folder);
  first.append("a");
  first[Symbol.dispose]();
  appendFileSync(join(folder, "audit-00000001.jsonl"), '{"half');
  using second = openJournal(folder);
  second.append("b");
  expect(shipAll(second)).toEqual(["a", '{"half', "b"]);
});

test("without its note all is read again", () => {
  const first = openJournal(folder);
  first.append("a");
  shipAll(first);
  first[Symbol.dispose]();
  writeFileSync(join(folder, "shipped.json"), "{");
  using second = openJournal(folder);
  expect(shipAll(second)).toEqual(["a"]);
});

test("a longer stretch is read in parts, whole lines each, and no further than asked", () => {
  using journal = openJournal(folder);
  const lines = Array.from({ length: 3_000 }, (_, number) => `${number} ${"y".repeat(200)}`);
  for (const text of lines) journal.append(text);
  const first = journal.waiting()!;
  expect(first.lines.length).toBeLessThan(lines.length);
  expect(shipAll(journal)).toEqual(lines);
  const start = { segment: 0, offset: 0 };
  expect(readLines(folder, start, first.end)?.lines).toEqual(first.lines);
  expect(readLines(folder, first.end, first.end)).toBeUndefined();
});

test("calls that come together are on the disk together", async () => {
  using journal = openJournal(folder, bounds);
  const waits = Array.from({ length: 5 }, (_, number) => {
    journal.append(line(number));
    return journal.sync();
  });
  await Promise.all(waits);
  expect(new Set(waits).size).toBe(1);
  expect(readFileSync(join(folder, "audit-00000001.jsonl"), "utf8")).toContain(line(0));
});
