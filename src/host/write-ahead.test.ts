/** What is written ahead of the database: it outlives the process, is run once, and is whole or not there. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fillDisk } from "../../test/support/full-disk.ts";
import { type LocalDatabase, openLocalDatabase, openOwnDatabase } from "./local-database.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troop-ahead-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = "role.sqlite";
const aheadPath = () => join(folder, `${file}-ahead`);

/** No key: what is run twice is seen twice. */
const create = "create table if not exists note (word text not null) strict";
const insert = "insert into note (word) values (?)";

function open(database: LocalDatabase = openOwnDatabase(folder, file)) {
  database.sqlite.exec(create);
  const select = database.sqlite.prepare("select word from note order by rowid");
  return {
    database,
    note: database.later(insert),
    words: () => select.all().map(({ word }) => word),
    [Symbol.dispose]: () => database[Symbol.dispose](),
  };
}

/** As a process leaves it that is killed once it has noted all `words`. */
function leaveNotes(words: string[]): Buffer {
  const script = `
    import { openOwnDatabase } from "${import.meta.dirname}/local-database.ts";
    const database = openOwnDatabase(${JSON.stringify(folder)}, "${file}");
    database.sqlite.exec("${create}");
    const note = database.later("${insert}");
    for (const word of ${JSON.stringify(words)}) note(word);
    process.kill(process.pid, "SIGKILL");`;
  const child = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script]);
  expect(child.signal, child.stderr.toString()).toBe("SIGKILL");
  return readFileSync(aheadPath());
}

test("a process killed with SIGKILL has lost nothing of what it had written", () => {
  leaveNotes(["one", "two", "three"]);
  using opened = open();
  expect(opened.words()).toEqual(["one", "two", "three"]);
  expect(readFileSync(aheadPath())).toHaveLength(0);
});

test("wherever the file was torn, the records before are there, and what is written next is too", () => {
  const whole = leaveNotes(["one", "two"]);
  const firstEnd = whole.indexOf("\n") + 1;
  for (let length = 0; length <= whole.length; length += 1) {
    rmSync(join(folder, file), { force: true });
    using before = open(openLocalDatabase(folder, file));
    writeFileSync(aheadPath(), whole.subarray(0, length));
    using opened = open();
    opened.note("next");
    const kept = length === whole.length ? ["one", "two"] : length >= firstEnd ? ["one"] : [];
    expect(before.words(), `${length} bytes`).toEqual(kept);
    expect(opened.words(), `${length} bytes`).toEqual([...kept, "next"]);
  }
});

test("a record that was altered is not run, nor what stands behind it", () => {
  const bytes = leaveNotes(["one", "two", "three"]);
  bytes[bytes.indexOf("two")]! ^= 1;
  writeFileSync(aheadPath(), bytes);
  using opened = open();
  expect(opened.words()).toEqual(["one"]);
});

test("a record is run once, also where the process died before it emptied the file", () => {
  const bytes = leaveNotes(["one", "two"]);
  open()[Symbol.dispose]();
  writeFileSync(aheadPath(), bytes);
  using again = open();
  again.note("three");
  expect(again.words()).toEqual(["one", "two", "three"]);
});

test("who reads knows what was written ahead, in its order with what was written at once", () => {
  using opened = open();
  const { database, note, words } = opened;
  const atOnce = database.sqlite.prepare(insert);
  note("one");
  atOnce.run("two");
  note("three");
  database.transaction(() => {
    note("four");
    atOnce.run("five");
  });
  expect(words()).toEqual(["one", "two", "three", "four", "five"]);
});

test("what belongs together is written together or not at all", () => {
  using opened = open();
  const { database, note, words } = opened;
  const failing = () =>
    database.together(() => {
      note("one");
      throw new Error("no");
    });
  expect(failing).toThrow("no");
  database.together(() => {
    note("two");
    note("three");
  });
  expect(readFileSync(aheadPath(), "utf8").split("\n")).toHaveLength(2);
  expect(words()).toEqual(["two", "three"]);
});

test("what is written together cannot be read meanwhile", () => {
  using opened = open();
  expect(() => opened.database.together(() => opened.words())).toThrow(/not read meanwhile/);
});

test("on a full disk a write fails and leaves the others as they are", () => {
  const note = (word: string, opened: ReturnType<typeof open>) => opened.note(word);
  {
    using opened = open();
    note("one", opened);
    {
      using _full = fillDisk();
      expect(() => note("two", opened)).toThrow("ENOSPC");
    }
    note("three", opened);
  }
  using opened = open();
  expect(opened.words()).toEqual(["one", "three"]);
});

test("no more waits than a megabyte: then it is run without being asked for", () => {
  using opened = open();
  const word = "w".repeat(100);
  for (let count = 0; count < 5_000; count += 1) opened.note(word);
  expect(readFileSync(aheadPath()).length).toBeLessThan(1_024 * 1_024);
  expect(opened.words()).toHaveLength(5_000);
});
