/** `troop logs`: what roles have written down, for people and for programs. */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFolder, launcher, startProgram, startTroop } from "../../test/support/processes.ts";
import { createMachine } from "./command-line.fixture.ts";
import { readEntry } from "./commands/logs/journal.ts";

const nobody = "http://127.0.0.1:9";
const at = Date.UTC(2026, 10, 21, 12);
const line = (time: number, msg: string, more: object = {}) =>
  `${JSON.stringify({ level: 30, time, ...more, msg })}\n`;

function machineWithLogs() {
  const made = createMachine(nobody);
  const logs = join(made.folder, "logs");
  mkdirSync(logs);
  writeFileSync(join(logs, "worker.log.1"), line(at, "first"));
  writeFileSync(join(logs, "worker.log"), line(at + 2_000, "third", { node: "abc" }));
  writeFileSync(join(logs, "up.log"), line(at + 1_000, "second") + line(at + 3_000, "fourth"));
  return Object.assign(made, { logs: (...words: string[]) => made.troopAlone("logs", ...words) });
}

test("lines of all roles come in the order of their times, older files first", async () => {
  using here = machineWithLogs();
  expect((await here.logs()).stdout.trim().split("\n")).toEqual([
    "2026-11-21T12:00:00Z  worker       info: first",
    "2026-11-21T12:00:01Z  up           info: second",
    "2026-11-21T12:00:02Z  worker       info: third node=abc",
    "2026-11-21T12:00:03Z  up           info: fourth",
  ]);
});

test.each([
  [
    ["-n", "2"],
    ["third", "fourth"],
  ],
  [
    ["--role", "worker"],
    ["first", "third"],
  ],
  [["--role", "worker", "-n", "1"], ["third"]],
  [
    ["--since", "2026-11-21T12:00:02Z"],
    ["third", "fourth"],
  ],
  [["--since", "1s"], []],
])("%j shows %j", async (words, expected) => {
  using here = machineWithLogs();
  const { stdout } = await here.logs("--json", ...words);
  const lines = stdout.split("\n").filter(Boolean);
  expect(lines.map((text) => (JSON.parse(text) as { msg: string }).msg)).toEqual(expected);
});

test("where nothing was logged that is said, and where it was looked for", async () => {
  using here = createMachine(nobody);
  const told = await here.troopAlone("logs");
  expect(told).toMatchObject({ code: 0, stdout: "Nothing was logged here yet.\n" });
  expect(told.stderr).toContain(here.folder);
});

test("what somebody else has said does not steer the terminal", async () => {
  using here = machineWithLogs();
  appendFileSync(join(here.folder, "logs", "up.log"), line(at + 4_000, "\u001b[2Jgone\u0007"));
  const { stdout } = await here.logs("-n", "1");
  expect(stdout).toContain("\ufffd[2Jgone\ufffd");
});

test.each([
  ["--since", "yesterday"],
  ["-n", "0"],
  ["-n", "x"],
  ["--role", "client"],
])("%s %s is refused", async (...words) => {
  using here = machineWithLogs();
  expect((await here.logs(...words)).code).toBe(2);
});

test("a role that cannot start has written down why, in a file of its owner's", async () => {
  using here = createMachine(nobody, { LOG_LEVEL: "error" });
  expect((await here.troop("up")).code).toBe(3);
  const file = join(here.folder, "logs", "up.log");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const [begins, ended] = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text) as object);
  expect(begins).toMatchObject({ level: 30, msg: "begins" });
  expect(ended).toMatchObject({ level: 50, err: { code: "coordinator_unreachable" } });
});

test("a log that cannot be written keeps no role from its work", async () => {
  using here = createMachine(nobody, { LOG_LEVEL: "error" });
  writeFileSync(join(here.folder, "logs"), "a file");
  chmodSync(join(here.folder, "logs"), 0o600);
  expect((await here.troop("up")).code).toBe(3);
});

test("-f goes on with what comes, also past the moment when the file is put aside", async () => {
  await using data = await createFolder();
  const folder = join(data.path, "logs");
  mkdirSync(folder);
  const file = join(folder, "worker.log");
  writeFileSync(file, line(at, "one"));
  await using following = startTroop(["logs", "-f", "--data", data.path]);
  await following.line(/info: one/);
  appendFileSync(file, line(at + 1, "two"));
  await following.line(/info: two/);
  renameSync(file, `${file}.1`);
  writeFileSync(file, line(at + 2, "three"));
  await following.line(/info: three/);
  const { code, stdout } = await following.end("SIGINT");
  expect(code).toBe(0);
  expect(stdout.match(/info: /g)).toHaveLength(3);
});

test("it ends without a word when whoever reads along has what they wanted", async () => {
  await using data = await createFolder();
  mkdirSync(join(data.path, "logs"));
  writeFileSync(join(data.path, "logs", "up.log"), line(at, "one").repeat(5_000));
  const words = [process.execPath, launcher, "logs", "-f", "-n", "5000", "--data", data.path];
  const shell = `"$@" | head -n 1`;
  const { stdout, stderr } = await startProgram("sh", ["-c", shell, "sh", ...words]).ended;
  expect([stdout.includes("info: one"), stderr]).toEqual([true, ""]);
});

test("the system's journal is read: our lines, and what systemd says between them", () => {
  const entry = (MESSAGE: unknown) =>
    readEntry(JSON.stringify({ MESSAGE, __REALTIME_TIMESTAMP: String(at * 1_000) }));
  expect(entry(line(at - 5, "ours").trim())).toMatchObject([
    { time: at - 5, fields: { msg: "ours" } },
  ]);
  expect(entry("Started it.")).toMatchObject([{ time: at, fields: { msg: "Started it." } }]);
  expect([...entry([1, 2]), ...readEntry(""), ...readEntry("-- No entries --")]).toEqual([]);
});
