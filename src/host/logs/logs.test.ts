/** A role's log on disk: how it is written, put aside and read back. */
import {
  chmodSync,
  existsSync,
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
import { readRecord } from "./log-record.ts";
import { createRoleLog, fileLevel } from "./role-log.ts";
import { createRotatingFile } from "./rotating-file.ts";
import { olderFiles, openTail } from "./tail.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troop-logs-"));
  path = join(folder, "worker.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);

test("a log keeps so many files of such a size, the newest lines among them, for its owner only", () => {
  using file = createRotatingFile({ path, fileBytes: 100, files: 3 });
  for (const line of numbered(100)) file.write(`${line}\n`);
  expect(readdirSync(folder).toSorted()).toEqual(["worker.log", "worker.log.1", "worker.log.2"]);
  for (const name of readdirSync(folder)) {
    const { size, mode } = statSync(join(folder, name));
    expect(size).toBeLessThanOrEqual(100);
    expect(mode & 0o777).toBe(0o600);
  }
  const kept = [...olderFiles(path)].toReversed().flat();
  const all = [...kept, ...readFileSync(path, "utf8").trimEnd().split("\n")];
  expect(all).toEqual(numbered(100).slice(-all.length));
});

test("a file that others could read is closed to them", () => {
  writeFileSync(path, "before\n");
  chmodSync(path, 0o644);
  using file = createRotatingFile({ path });
  file.write("after\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toBe("before\nafter\n");
});

test("where nothing can be written the role goes on, and the log when it can", () => {
  const missing = join(folder, "not yet");
  using file = createRotatingFile({ path: join(missing, "worker.log") });
  file.write("lost\n");
  expect(existsSync(missing)).toBe(false);
  using other = createRotatingFile({ path });
  other.write("x".repeat(65 * 1_024));
  other.write("kept\n");
  expect(readFileSync(path, "utf8")).toBe("kept\n");
});

test("two processes with one log put it aside once", () => {
  using first = createRotatingFile({ path, fileBytes: 20, files: 3 });
  using second = createRotatingFile({ path, fileBytes: 20, files: 3 });
  first.write("first line\n");
  second.write("second\n");
  first.write("third line\n");
  second.write("fourth line\n");
  expect([...olderFiles(path)]).toEqual([["first line", "second"]]);
  expect(readFileSync(path, "utf8")).toBe("third line\nfourth line\n".slice(0));
});

test("whoever follows a log misses no line while it is put aside, and gets none twice", () => {
  using file = createRotatingFile({ path, fileBytes: 30, files: 3 });
  using tail = openTail(path);
  expect(tail.read()).toEqual([]);
  const seen: string[] = [];
  for (const line of numbered(20)) {
    file.write(`${line}\n`);
    seen.push(...tail.read());
  }
  expect(seen).toEqual(numbered(20));
});

test("half a line is given when its other half has come, also within a letter", () => {
  const text = Buffer.from("grün\n");
  using tail = openTail(path);
  writeFileSync(path, text.subarray(0, 3));
  expect(tail.read()).toEqual([]);
  writeFileSync(path, text.subarray(3), { flag: "a" });
  expect(tail.read()).toEqual(["grün"]);
});

test("the file holds what matters also where stderr shows less, and nothing where nothing is to be logged", () => {
  expect(["silent", "error", "warn", "debug"].map((level) => fileLevel(level as "warn"))).toEqual([
    ...["silent", "info", "info", "debug"],
  ]);
  const [shown, kept]: [string[], string[]] = [[], []];
  const log = createRoleLog(
    "warn",
    { write: (line) => void shown.push(line) },
    { write: (line) => void kept.push(line) },
  );
  log.debug("a");
  log.info("b");
  log.warn("c");
  const messages = (lines: string[]) => lines.map((line) => readRecord(line).fields["msg"]);
  expect([messages(shown), messages(kept)]).toEqual([["c"], ["b", "c"]]);
});

test("a line that is not ours is kept as it is", () => {
  expect(readRecord("Started it.", 7)).toMatchObject({ time: 7, fields: { msg: "Started it." } });
  expect(readRecord(`{"a":1}`).fields["msg"]).toBe(`{"a":1}`);
});
