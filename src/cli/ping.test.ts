/** `troop ping` heeds what `troop up` and `troop nodes` remember of nodes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../test/support/services.ts";
import { systemRandom } from "../base/random.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator/coordinator.fixture.ts";
import { loadSigner } from "../host/key-file.ts";
import { makeSealingKey } from "../protocol/key-statement.fixture.ts";
import type { Signer } from "../protocol/signature.ts";
import { createMachine } from "./command-line.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
let owner: Signer;
let node: Signer;
beforeAll(async () => {
  const database = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: database.url }));
  [owner, node] = await Promise.all([makeSigner(), makeSigner()]);
  await troop.call(owner, "POST", "/users", {});
  await troop.enrol(node, owner);
  const url = troop.coordinator.url;
  const key_statement = await makeSealingKey(node, owner).statement(url, troop.clock.now());
  const beat = beatOf();
  // Nobody listens at that port: whoever is let through finds no path.
  const snapshot = { ...beat.snapshot!, key_statement, port: 9 };
  await troop.call(node, "POST", "/heartbeat", { ...beat, snapshot });
});
afterAll(() => services.disposeAsync());

test.each([
  ["another owner's", () => makeSigner(), "node_key_changed"],
  ["its owner's", () => Promise.resolve(owner), "node_unreachable"],
])("a node that was accepted as %s is told apart", async (_whose, accepted, code) => {
  using here = createMachine(troop.coordinator.url);
  const me = await loadSigner(join(here.folder, "account.key.json"), systemRandom);
  await troop.call(me, "POST", "/users", {});
  await here.troopAlone("nodes", "accept", node.id, (await accepted()).id);
  const told = await here.troop("ping", node.id, "--json");
  expect(told).toMatchObject({ json: { error: { code } } });
  expect(existsSync(join(here.folder, "client.sqlite"))).toBe(false);
});

test("a node that is not listed is named, with those that are", async () => {
  using here = createMachine(troop.coordinator.url);
  const me = await loadSigner(join(here.folder, "account.key.json"), systemRandom);
  await troop.call(me, "POST", "/users", {});
  const { json } = await here.troop("ping", "no-such-node", "--json");
  expect(json.error).toMatchObject({ code: "node_unknown", run: "troop nodes --json" });
  expect(json.error.cause).toContain(node.id.slice(0, 12));
});
