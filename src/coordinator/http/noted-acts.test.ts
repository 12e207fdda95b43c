/** Every act of an operator is on record as what it was: done, refused, or begun with an end that nobody knows. */
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { createLog } from "../../host/log.ts";
import { makeSigner } from "../coordinator.fixture.ts";
import { openDatabase, type Database } from "../database.ts";
import { type Desk, openDesk } from "../operator/operator-desk.fixture.ts";

const services = new AsyncDisposableStack();
let desk: Desk;
let database: Database;
beforeAll(async () => {
  const { url } = services.use(await createDatabase());
  desk = await openDesk({ databaseUrl: url });
  const config = { url, folder: undefined, poolSize: 1 };
  database = await openDatabase(config, createLog("silent"));
  services.defer(() => database.destroy());
}, 60_000);
afterAll(() => services.disposeAsync());

const latest = async () => {
  const { body } = await desk.ask("viewer", "GET", "/admin/audit?event_type=admin&limit=1");
  return body.events[0].details;
};

test("an act that took effect and could not be answered is not on record as refused", async () => {
  const { id } = await desk.troop.serve(await makeSigner());
  const rename = (from: string, to: string) =>
    sql.raw(`alter table ${from} rename to ${to}`).execute(database);
  // What the answer needs, and the act does not.
  await rename("hold", "hold_away");
  const { status } = await desk.ask("operator", "POST", `/admin/nodes/${id}/revoke`);
  await rename("hold_away", "hold");
  expect(status).toBeGreaterThanOrEqual(500);
  const { body } = await desk.ask("viewer", "GET", `/admin/nodes/${id}`);
  expect(body.revoked).toBe(true);
  expect(await latest()).toMatchObject({ event: "revoke_node", target: id, outcome: "unknown" });
  expect(await latest()).not.toHaveProperty("refused");
});

test("one that was refused is, with the code", async () => {
  const { id } = await makeSigner();
  await desk.ask("operator", "POST", `/admin/nodes/${id}/revoke`);
  expect(await latest()).toEqual({ event: "revoke_node", target: id, refused: "node_unknown" });
  await desk.ask("viewer", "POST", `/admin/nodes/${id}/revoke`);
  expect(await latest()).toMatchObject({ refused: "not_permitted" });
});
