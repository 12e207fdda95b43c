/** `troop nodes pins`, `accept` and `forget`, and the sidecar that heeds them while it runs. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createPinsStore } from "../client/sealing/pins-store.ts";
import { openLocalDatabase } from "../host/local-database.ts";
import { createMachine } from "./command-line.fixture.ts";

const [node, owner, other] = ["-node", "owner", "-other"].map((name) => name.padEnd(43, "_"));
const nowhere = "http://127.0.0.1:9";

function remember(folder: string): void {
  mkdirSync(join(folder, "client"), { recursive: true });
  using database = openLocalDatabase(join(folder, "client"), "client.sqlite");
  const key = { kid: "k", from: 1_000, until: 2_000, boot: "b", publicKey: "p" };
  createPinsStore(database).remember({ node: node!, owner: owner!, ...key }, 1_800_000_000_000);
}

/** These need no coordinator, and take none. */
const machine = () => {
  const made = createMachine(nowhere);
  return Object.assign(made, {
    nodes: (...words: string[]) => made.troopAlone("nodes", ...words),
  });
};

test("before anything was asked there are no pins, and that is said", async () => {
  using here = machine();
  expect(await here.nodes("pins", "--json")).toMatchObject({ code: 0, json: { pins: [] } });
  expect((await here.nodes("pins")).stdout).toContain("troop up");
});

test("pins show who vouches for a node in full, so that ids can be copied", async () => {
  using here = machine();
  remember(here.folder);
  const shown = await here.nodes("pins");
  expect(shown.stdout).toContain(node);
  expect(shown.stdout).toContain(owner);
  expect((await here.nodes("pins", "--json")).json).toEqual({
    pins: [{ node, owner, since: 1_800_000_000_000, key: { kid: "k", from: 1_000 } }],
  });
});

test("another owner is accepted, also one whose id looks like a flag", async () => {
  using here = machine();
  remember(here.folder);
  const accepted = await here.nodes("accept", node!, other!, "--json");
  expect(accepted).toMatchObject({ code: 0, json: { node, owner: other, former: owner } });
  const { json } = await here.nodes("pins", "--json");
  expect(json.pins).toMatchObject([{ node, owner: other, key: null }]);
});

test("the folder may be named before the verb, as the failure's own command does", async () => {
  using here = machine();
  using there = machine();
  await here.nodes("--data", there.folder, "accept", node!, owner!);
  expect((await there.nodes("pins", "--json")).json.pins).toHaveLength(1);
  expect((await here.nodes("pins", "--json")).json.pins).toEqual([]);
});

test("what is forgotten is gone, and where nothing was known that is said", async () => {
  using here = machine();
  remember(here.folder);
  const forget = () => here.nodes("forget", node!, "--json");
  expect(await forget()).toMatchObject({ code: 0, json: { node, forgotten: true } });
  expect(await forget()).toMatchObject({ code: 0, json: { node, forgotten: false } });
  expect((await here.nodes("forget", node!)).stdout).toContain("troop nodes pins");
});

test.each([
  ["accept", "short", "x"],
  ["accept", "n".repeat(43), "x"],
  ["forget", "short"],
])("an id that is none is refused: %s %s", async (...words) => {
  using here = machine();
  const failed = await here.nodes(...words, "--json");
  expect(failed).toMatchObject({ code: 2, json: { error: { code: "usage" } } });
  expect(failed.json.error.cause).toMatch(/43 characters/);
});

test.each(["--only-nodes", "--only-owners"])("%s takes ids, and says so", async (flag) => {
  using here = machine();
  const failed = await here.troop("up", flag, `${node!},short`, "--json");
  expect(failed).toMatchObject({ code: 2, json: { error: { code: "usage" } } });
  expect(failed.json.error.cause).toContain(`${flag}: "short" is no id`);
});
