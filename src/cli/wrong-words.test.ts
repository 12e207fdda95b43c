/** What newcomers type that is not quite it, and the command that they are told to type instead. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { typeTroop } from "./command-line.fixture.ts";
import { meantUrl } from "./meant.ts";

const folder = mkdtempSync(join(tmpdir(), "troop-words-"));

test.each([
  ["list", /^Unknown command 'list'$/, "troop models"],
  ["ps", /'ps'/, "troop status"],
  ["stop", /'stop'/, "troop down"],
  ["login", /^Unknown command 'login'$/, "troop account show"],
  ["version", /'version'/, "troop --version"],
  ["-v", /'-v'/, "troop --version"],
  ["wroker", /Did you mean worker/, "troop --help"],
  ["demo what is a ticket?", /--ask/, "troop demo --ask 'what is a ticket?'"],
  ["up", /`troop coordinator` starts one/, "troop up --coordinator http://127.0.0.1:8000"],
  ["up --coordinator localhost:81", /URL/, "troop up --coordinator http://localhost:81"],
  ["up --coordinator a.example", /URL/, "troop up --coordinator https://a.example"],
])("troop %s", async (typed, says, run) => {
  const told = await typeTroop([...typed.split(" "), "--json"], { DATA_DIR: folder });
  expect(told.code).toBe(2);
  expect(told.json.error.cause).toMatch(says);
  expect(told.json.error.run.replace(/ --json\b/, "")).toBe(run);
});

test.each([
  ["localhost:8000", "http://localhost:8000"],
  ["192.168.0.5/troop", "http://192.168.0.5/troop"],
  ["http://a.example:81", "https://a.example:81"],
  ["a.example", "https://a.example"],
  ["http://nas", undefined],
  ["ftp://a.example", undefined],
  ["a b", undefined],
  ["http://name:word@a.example", undefined],
  ["", undefined],
])("for %j as a URL %j is offered", (typed, meant) => {
  expect(meantUrl(typed)).toBe(meant);
});
