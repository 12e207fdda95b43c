/** What a running coordinator puts on record, and what never gets there. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import type { AuditRow } from "../../protocol/audit.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { openDatabase, type Database } from "../database.ts";
import { auditFolder } from "./audit-log.ts";
import { createAuditReading } from "./reading.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
let database: Database;
let user: Signer;
let node: Signer;
beforeAll(async () => {
  const { url } = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: url }));
  database = await openDatabase({ url, folder: undefined, poolSize: 2 }, createLog("silent"));
  services.defer(() => database.destroy());
  user = await makeSigner();
  node = await troop.serve(await makeSigner());
}, 60_000);
afterAll(() => services.disposeAsync());

const tree = createSecretTree(systemRandom.bytes(32));
const wish = (fields: object = {}) => ({
  ...{ id: systemRandom.uuid(), model: "a-model:1b", anchor: tree.anchor, ...fields },
});

/** All that is on record, oldest first, once the coordinator has written it. */
async function recorded(least: number): Promise<AuditRow[]> {
  troop.clock.advance(1_000);
  const reading = createAuditReading({ database, folder: auditFolder(troop.folder) });
  await expect.poll(async () => (await reading.page({ limit: 200 })).events.length).toBe(least);
  return (await reading.page({ limit: 200 })).events.toReversed();
}

test("tickets, starter credits, refusals and forged statements are on record, each once", async () => {
  const given = (await troop.call(user, "POST", "/authorize", wish())).body;
  await troop.call(user, "POST", "/authorize", wish({ max_budget: "99999.000000" }));
  const headers = { dpop: await troop.proof(user, "POST", "/authorize", "{}") };
  const body = JSON.stringify(wish());
  await troop.call(undefined, "POST", "/authorize", body, headers);
  const statement = await troop.statement(node, "troop-close+jwt", {
    hold: given.hold,
    numbers: [],
  });
  const broken = statement.replace(/[^.]+$/, "A".repeat(86));
  await troop.call(undefined, "POST", "/receipts", { statements: [broken] });
  const to = (await makeSigner()).id;
  await troop.call(user, "POST", "/transfers", { id: systemRandom.uuid(), to, amount: "1.000000" });

  const rows = await recorded(5);
  expect(rows.map(({ event_type, details }) => [event_type, details.event])).toEqual([
    ["transaction", "starter_credits"],
    ["authorization", "ticket_given"],
    ["authorization", "ticket_given"],
    ["security", "body_hash_mismatch"],
    ["security", "receipts_refused"],
  ]);
  expect(rows[1]).toMatchObject({
    ...{ user_id: user.id, ip_address: "127.0.0.1" },
    details: { hold: given.hold, node: node.id, model: "a-model:1b" },
  });
  expect(rows[4]!.details).toMatchObject({ invalid_signature: 1 });
});

test("of one kind and one place no more than a few are listed, and that there were more", async () => {
  const before = 5;
  for (let number = 0; number < 30; number += 1) {
    const headers = { dpop: await troop.proof(user, "POST", "/users", "{}") };
    await troop.call(undefined, "GET", "/peers", undefined, headers);
  }
  const rows = (await recorded(before + 11)).slice(before);
  expect(new Set(rows.map(({ details }) => details.event))).toEqual(new Set(["invalid_proof"]));
  expect(rows.map(({ details }) => details["and_more"] ?? false)).toEqual([
    ...Array.from({ length: 10 }, () => false),
    true,
  ]);
});

test("no ticket, proof, statement or secret is in the table or in the files", async () => {
  const { body } = await troop.call(await makeSigner(), "POST", "/authorize", wish());
  const proof = await troop.proof(user, "POST", "/nodes", "{}");
  await troop.call(undefined, "GET", "/tariff", undefined, { dpop: proof });
  await recorded(18);
  const { rows } = await sql<{ text: string }>`
    select coalesce(string_agg(a::text, ' '), '') as text from audit_log a
  `.execute(database);
  const folder = auditFolder(troop.folder);
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
  const kept = [rows[0]!.text, ...files].join(" ");
  expect(kept).toContain(body.hold);
  const { x } = tree.reveal(1);
  for (const secret of [body.ticket, proof, tree.anchor, x])
    for (const part of secret.split(".")) expect(kept).not.toContain(part);
});
