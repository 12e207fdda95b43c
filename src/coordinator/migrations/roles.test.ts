/** Least privilege: the coordinator works under its role, and cannot do what it never does. */
import pg from "pg";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { lineHash, type Line } from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import { applyRoles } from "../admin/roles-store.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { openDatabase, type Database } from "../database.ts";
import { migrateUp } from "./migrate.ts";
import { operator } from "../operator/operator-desk.fixture.ts";
import { roleNames, tablesWithGrants } from "./roles.ts";

const prefix = `test_${systemRandom.uuid().replaceAll("-", "").slice(0, 12)}`;
const names = roleNames(prefix);
const logins = { application: `${prefix}_coordinator`, auditor: `${prefix}_clerk` };
const resources = new AsyncDisposableStack();
let owner: Database;
let url: string;
const urlAs = (user: string) => Object.assign(new URL(url), { username: user }).href;

beforeAll(async () => {
  const service = await createDatabase();
  url = service.url;
  // Roles belong to the whole server: they go after the database that grants them something.
  resources.defer(async () => {
    await service[Symbol.asyncDispose]();
    const roles = [...Object.values(logins), ...Object.values(names)].join(", ");
    const client = new pg.Client({
      connectionString: Object.assign(new URL(url), { pathname: "/postgres" }).href,
    });
    await client.connect();
    await client.query(`drop role ${roles}`);
    await client.end();
  });
  const config = { url, folder: undefined, poolSize: 2 };
  owner = resources.adopt(await openDatabase(config, createLog("silent")), (opened) =>
    opened.destroy(),
  );
  await migrateUp(owner);
  // Twice: it may be repeated after every migration.
  await applyRoles(owner, names);
  await applyRoles(owner, names);
  for (const role of ["application", "auditor"] as const)
    await sql.raw(`create role ${logins[role]} login in role ${names[role]}`).execute(owner);
}, 60_000);
afterAll(() => resources.disposeAsync());

async function tryAs(user: string, statement: string): Promise<string> {
  const client = new pg.Client({ connectionString: urlAs(user) });
  await client.connect();
  try {
    await client.query(statement);
    return "done";
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await client.end();
  }
}

test("every table is granted what the coordinator does with it", async () => {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'public'
  `.execute(owner);
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...tablesWithGrants].toSorted());
});

async function answerOne(troop: TestCoordinator): Promise<void> {
  const [user, provider] = [await makeSigner(), await makeSigner()];
  const node = await troop.serve(provider);
  const tree = createSecretTree(systemRandom.bytes(32));
  const wish = { id: systemRandom.uuid(), model: "a-model:1b", node: node.id, anchor: tree.anchor };
  const { hold } = (await troop.call(user, "POST", "/authorize", wish)).body;
  const line: Line = {
    ...tree.reveal(1),
    ...{ started: 1, ended: 2, billed_ms: 10_000, first_token_ms: null, prompt_tokens: 90_000 },
    ...{ completion_tokens: 90_000, estimated: false, finish: "stop", cost: "0.500000" },
    ...someHashes,
  };
  const receipt = await troop.statement(node, "troop-receipt+jwt", { hold, lines: [line] });
  const close = await troop.statement(node, "troop-close+jwt", { hold, numbers: [1] });
  await troop.call(undefined, "POST", "/receipts", { statements: [receipt, close] });
  const figures = { billed_ms: 10_000, prompt_tokens: 90_000, completion_tokens: 90_000 };
  const word = { k: 1, verdict: "ok", line_hash: lineHash(line), ...figures };
  const said = await troop.statement(user, "troop-acknowledgement+jwt", { hold, lines: [word] });
  const settled = await troop.call(undefined, "POST", "/acknowledgements", { statements: [said] });
  expect(settled.body.outcomes[0].lines).toEqual([{ k: 1, outcome: "settled", paid: "0.500000" }]);
  const { balance } = (await troop.call(provider, "GET", `/users/${provider.id}/balance`)).body;
  expect(balance).toBe("0.500000");
}

test("a coordinator works under its role, from the first join to the settled receipt and a refill", async () => {
  const settings = { databaseUrl: urlAs(logins.application), migrate: "manual" as const };
  await using troop = await openCoordinator(settings);
  await answerOne(troop);
  troop.clock.advance(24 * 60 * 60_000);
  await answerOne(troop);
  expect(await troop.coordinator.auditLedger()).toEqual([]);
}, 60_000);

test("under its role it deletes an account's data, memos too, which that role could not change", async () => {
  const settings = { databaseUrl: urlAs(logins.application), migrate: "manual" as const, operator };
  await using troop = await openCoordinator(settings);
  const owner = await makeSigner();
  await troop.serve(owner);
  const authorization = `Basic ${Buffer.from(`admin:${operator.password}`).toString("base64")}`;
  const ask = async (url: string, payload: object) => {
    const call = { method: "POST", url, payload, headers: { authorization } } as const;
    return (await troop.coordinator.inject(call)).json();
  };
  const grant = { id: systemRandom.uuid(), account: owner.id, amount: "1.000000", memo: "for you" };
  await ask("/admin/grants", grant);
  const deleted = await ask(`/admin/users/${owner.id}/delete`, {});
  expect(deleted).toMatchObject({ deleted_at: expect.any(Number), memos: 1 });
  expect(await ask("/admin/operators", { name: "lea", role: "viewer" })).toMatchObject({
    name: "lea",
  });
  expect(await troop.coordinator.auditLedger()).toEqual([]);
}, 60_000);

const denied = "42501";
test.each([
  "update transfer set amount = 1",
  "delete from transfer",
  "truncate transfer",
  "alter table transfer disable trigger transfer_append_only",
  "delete from request",
  "delete from account",
  "update account set kind = 'faucet'",
  "update hold set amount = amount + 1",
  "update hold set per_second = 0",
  "update statement set jws = ''",
  "update account_key set account = 'x'",
  "update transfer set memo = null",
  "update operator set name = 'x'",
  "create table mine (id int)",
])("the coordinator's role may not: %s", async (statement) => {
  expect(await tryAs(logins.application, statement)).toBe(denied);
});

test("an auditor reads everything but what opens a door, and changes nothing", async () => {
  for (const table of tablesWithGrants)
    expect(await tryAs(logins.auditor, `select count(*) from ${table}`)).toBe("done");
  for (const hidden of ["operator.password", "hardware_session.seed", "hardware_session.walk_seed"])
    expect(await tryAs(logins.auditor, `select ${hidden} from ${hidden.split(".")[0]}`)).toBe(
      denied,
    );
  expect(await tryAs(logins.auditor, "select name, role from operator")).toBe("done");
  for (const statement of [
    ...["delete from job", "update account set posted = 0", "select forget_memos('x')"],
  ])
    expect(await tryAs(logins.auditor, statement)).toBe(denied);
});
