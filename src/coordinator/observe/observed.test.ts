/** What is seen of a running coordinator: by Prometheus, by load balancers, by anybody. */
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";

const password = "correct horse battery";
const operator = {
  ...{ listen: { host: "127.0.0.1", port: 0 }, isChosen: true, user: "admin", password },
};
const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;

const services = new AsyncDisposableStack();
let databaseUrl: string;
let troop: TestCoordinator;
let user: Signer;
let node: Signer;
beforeAll(async () => {
  databaseUrl = services.use(await createDatabase()).url;
  troop = services.use(await openCoordinator({ databaseUrl, operator }));
  [user, node] = [await makeSigner(), await troop.serve(await makeSigner())];
}, 60_000);
afterAll(() => services.disposeAsync());

const ask = (model: string) => {
  const { anchor } = createSecretTree(new Uint8Array(32));
  return troop.call(user, "POST", "/authorize", { id: systemRandom.uuid(), model, anchor });
};
const scrape = async () => {
  const url = `${troop.coordinator.operator!.url}/metrics`;
  const answer = await fetch(url, { headers: { authorization } });
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  return answer.text();
};

test("calls, tickets, holds, credits and nodes are measured", async () => {
  expect((await ask("a-model:1b")).status).toBe(200);
  expect((await ask("another")).status).toBe(404);
  await troop.call(user, "GET", `/users/${user.id}/balance`);
  const told = await scrape();
  for (const line of [
    'troop_http_requests_total{route="POST /authorize",status="200"} 1',
    'troop_http_requests_total{route="GET /users/:id/balance",status="200"} 1',
    'troop_http_refusals_total{route="POST /authorize",code="model_not_found"} 1',
    'troop_http_request_seconds_count{route="POST /authorize"} 2',
    'troop_tickets_total{outcome="issued"} 1',
    'troop_tickets_total{outcome="model_not_found"} 1',
    "troop_holds_open 1",
    'troop_credits{kind="user"} 1000',
    'troop_nodes_live{status="IDLE"} 1',
    "troop_models_offered 1",
    "troop_relay_streams 0",
    "troop_ledger_offences_total 0",
    'troop_database_connections{state="waiting"} 0',
  ])
    expect(told.split("\n")).toContain(line);
});

test("no label is what somebody sent: no account, node, path or method of their own", async () => {
  const strange = systemRandom.uuid();
  for (const path of [
    `/nodes/${node.id}`,
    `/users/${user.id}/keys`,
    `/${strange}`,
    `/tariff?${strange}`,
  ])
    await troop.call(user, "GET", path);
  const told = await scrape();
  expect(told).toContain('troop_http_requests_total{route="none",status="404"}');
  for (const secret of [user.id, node.id, strange, "a-model:1b", password])
    expect(told).not.toContain(secret);
});

test("metrics are for operators, and not on the public port at all", async () => {
  const { coordinator } = troop;
  const bare = await fetch(`${coordinator.operator!.url}/metrics`);
  expect([bare.status, bare.headers.get("www-authenticate")]).toEqual([
    ...[401, expect.stringContaining("Basic")],
  ]);
  const onPublicPort = await fetch(`${coordinator.url}/metrics`, { headers: { authorization } });
  expect(onPublicPort.status).toBe(404);
});

test("every answer says how long it took, refusals too", async () => {
  for (const path of ["/health", "/nothing", "/users/x/balance"]) {
    const { headers } = await troop.coordinator.inject({ method: "GET", url: path });
    expect(headers["x-response-time"]).toMatch(/^\d+ms$/);
    expect(headers["x-request-id"]).toMatch(/^[\w-]{36}$/);
  }
});

test("the public learns sums, and nothing where they would speak of a few", async () => {
  const { status, body } = await troop.call(undefined, "GET", "/stats");
  expect(status).toBe(200);
  expect(body).toEqual({
    ...{ nodes: 1, models: 1, requests_today: null, credits_circulating: null },
    as_of: expect.any(Number) as number,
  });
});

test("today's requests are counted by their time, and not by reading all there ever were", async () => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  // Of so few rows it would read all in any case.
  await client.query("set enable_seqscan = off");
  const { rows } = await client.query<{ "QUERY PLAN": string }>(
    "explain select count(*) from request where received_ms >= 1 and state <> 'waiting'",
  );
  await client.end();
  expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("request_by_time");
});

test("a coordinator that has all it needs is ready", async () => {
  const { status, body } = await troop.call(undefined, "GET", "/health/ready");
  expect([status, body]).toEqual([200, { status: "ready", reasons: [] }]);
});

test("one without Redis says so and goes on; one without its database is not ready, and is again", async () => {
  const database = await createDatabase();
  await using lame = await openCoordinator({
    ...{ databaseUrl: database.url, redisUrl: "redis://127.0.0.1:1" },
  });
  const ready = () => lame.call(undefined, "GET", "/health/ready");
  expect(await ready()).toMatchObject({
    ...{ status: 200, body: { status: "degraded", reasons: ["redis_unreachable"] } },
  });
  await database[Symbol.asyncDispose]();
  lame.clock.advance(1_000);
  const { status, body } = await ready();
  expect([status, body.status]).toEqual([503, "not_ready"]);
  expect(body.reasons).toContain("database_unreachable");
});
