/** `troop keys`, and where `troop status` says that credits went, while the local API runs and while it does not. */
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { post, startTestNetwork } from "../client/fixtures/sidecar.fixture.ts";
import { systemClock } from "../base/clock.ts";
import { leaveRunFile } from "../host/run-file.ts";
import { createMachine, type Machine } from "./command-line.fixture.ts";

const nobody = "http://127.0.0.1:9";
const question = { model: "toy:1b", messages: [{ role: "user", content: "Hello?" }] };

let machine: Machine;
beforeEach(() => (machine = createMachine(nobody)));
afterEach(() => machine[Symbol.dispose]());
const keys = (...words: string[]) => machine.troopAlone("keys", ...words);

test("where there is no key that is said, and nothing is made", async () => {
  expect((await keys("list", "--json")).json).toEqual({ keys: [] });
  expect((await keys("list")).stdout).toContain("troop keys add");
  expect(readdirSync(machine.folder)).not.toContain("client");
});

test("a key is shown once, alone on stdout, and lies where only its owner can read", async () => {
  const { stdout, stderr } = await keys("add", "editor");
  expect(stdout).toMatch(/^troop-[\w-]{43}\n$/);
  expect(stderr).toContain("not shown again");
  const file = join(machine.folder, "client", "client.sqlite");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const listed = await keys("list");
  expect(listed.stdout).toContain("editor");
  expect(listed.stdout).not.toContain(stdout.slice(6, 20));
});

test("caps are credits, and stand in the list", async () => {
  const made = await keys("add", "editor", "--hourly", "5", "--daily", "0.5", "--json");
  expect(made.json).toMatchObject({ name: "editor", hourly: "5.000000", daily: "0.500000" });
  expect((await keys("list", "--json")).json.keys).toMatchObject([
    {
      name: "editor",
      hour: { spent: "0.000000", cap: "5.000000", left: "5.000000" },
      day: { spent: "0.000000", cap: "0.500000", left: "0.500000" },
    },
  ]);
  expect((await keys("list")).stdout).toContain("0 of 0.5, 0.5 left");
});

test("a cap is changed alone, holds for the next request, and is set back by what is printed", async () => {
  await keys("add", "editor", "--hourly", "5");
  const told = await keys("cap", "editor", "--daily", "50", "--json");
  expect(told.json).toEqual({
    ...{ name: "editor", hourly: "5.000000", daily: "50.000000" },
    before: { hourly: "5.000000", daily: null },
  });
  const { stdout } = await keys("cap", "editor", "--hourly", "none", "--daily", "0.5");
  expect(stdout).toContain("editor may spend 0.5 in any 24 hours from its next request on.");
  const undo = /troop (keys cap .*)/.exec(stdout)![1]!;
  expect(undo).toBe("keys cap editor --hourly 5 --daily 50");
  expect((await machine.troopAlone(...undo.split(" "), "--json")).json).toMatchObject({
    ...{ hourly: "5.000000", daily: "50.000000" },
    before: { hourly: null, daily: "0.500000" },
  });
  expect((await keys("list", "--json")).json.keys).toMatchObject([
    { hour: { cap: "5.000000" }, day: { cap: "50.000000" } },
  ]);
});

test.each([
  [["cap", "notes", "--daily", "5"], 1, "not_found", "troop keys list"],
  [["cap", "editor"], 2, "usage", "troop keys cap --help"],
  [["cap", "editor", "--daily", "much"], 2, "usage", "troop keys cap --help"],
])("%j ends with %d, %s, and changes nothing", async (words, code, reason, run) => {
  await keys("add", "editor", "--daily", "7");
  const failed = await keys(...words, "--json");
  expect(failed).toMatchObject({ code, json: { error: { code: reason, run } } });
  expect((await keys("list", "--json")).json.keys).toMatchObject([{ day: { cap: "7.000000" } }]);
});

test.each([
  [["add", "two words"], /64 letters/],
  [["add", "editor", "--daily", "much"], /--daily: "much" is no amount/],
  [["add", "editor", "--hourly", "-1"], /--hourly: "-1" is no amount/],
])("%j is refused", async (words, cause) => {
  const failed = await keys(...words, "--json");
  expect(failed).toMatchObject({ code: 2, json: { error: { code: "usage" } } });
  expect(failed.json.error.cause).toMatch(cause);
});

test("a name is given once, and again when it was removed", async () => {
  const first = await keys("add", "editor", "--json");
  const again = await keys("add", "editor", "--json");
  expect(again).toMatchObject({ code: 2, json: { error: { run: "troop keys remove editor" } } });
  expect((await keys("remove", "editor", "--json")).json).toEqual({
    ...{ name: "editor", removed: true },
  });
  expect((await keys("remove", "editor", "--json")).json.removed).toBe(false);
  expect((await keys("add", "editor", "--json")).json.key).not.toBe(first.json.key);
});

test.each(["--spend-hourly", "--spend-daily"])("troop up %s takes credits", async (flag) => {
  const failed = await machine.troop("up", flag, "1 credit", "--json");
  expect(failed).toMatchObject({ code: 2, json: { error: { code: "usage" } } });
  expect(failed.json.error.cause).toContain(`${flag}: "1 credit" is no amount`);
});

test("what an application spends is shown by key and by model, while the local API runs", async () => {
  const folder = join(machine.folder, "client");
  mkdirSync(folder);
  // What the command reads itself it reads by the machine's clock.
  const clock = createFakeClock(systemClock.now());
  await using network = await startTestNetwork(clock, [undefined], {
    ...{ dataFolder: folder, caps: { hourly: 50_000_000n, daily: undefined } },
  });
  const { sidecar, coordinator } = network;
  using _note = leaveRunFile(machine.folder, "client", {
    ...{ url: sidecar.url, pid: process.pid, coordinator: coordinator.url },
  });
  const { key } = (await keys("add", "editor", "--daily", "20", "--json")).json;
  const ask = (head: Record<string, string>) =>
    post(network, "/v1/chat/completions", question, head);
  expect((await ask({ "x-api-key": key })).status).toBe(200);
  expect((await ask({})).status).toBe(200);

  expect((await keys("list", "--json")).json.keys[0].day.spent).toBe("0.010000");
  const shown = (await machine.troopAlone("status")).stdout.replaceAll(/ +/g, " ");
  expect(shown).toContain("in all 0.02 of 50, 49.98 left 0.02");
  expect(shown).toContain("key editor 0.01 0.01 of 20, 19.99 left");
  expect(shown).toContain("without a key of its own 0.01 0.01");
  expect(shown).toContain("model toy:1b 0.02 0.02");
  const { roles } = (await machine.troopAlone("status", "--json")).json;
  const client = roles.find(({ role }: { role: string }) => role === "client");
  expect(client.details.spending).toMatchObject({
    hour: { spent: "0.020000", cap: "50.000000", left: "49.980000" },
    keys: [{ name: null }, { name: "editor", day: { left: "19.990000" } }],
  });
});
