/** Calls that wait for a lock somebody holds: when they are answered, and that nothing goes on behind the answer. */
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { createLog } from "../../host/log.ts";
import { limits } from "../../protocol/limits.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { openDatabase, type Database } from "../database.ts";

const resources = new AsyncDisposableStack();
let troop: TestCoordinator;
let user: Signer;
let friend: Signer;
let other: Database;
let watcher: Database;
beforeAll(async () => {
  const { url } = resources.use(await createDatabase());
  const open = () => openDatabase({ url, folder: undefined, poolSize: 1 }, createLog("silent"));
  troop = resources.use(await openCoordinator({ databaseUrl: url }));
  [other, watcher] = [await open(), await open()];
  for (const database of [other, watcher]) resources.defer(() => database.destroy());
  [user, friend] = [await makeSigner(), await makeSigner()];
  for (const signer of [user, friend]) await troop.call(signer, "POST", "/users", {});
}, 60_000);
afterAll(() => resources.disposeAsync());

/** Statements of calls that wait for the lock. Jobs wait for it too, and go on waiting. */
async function waiting(): Promise<number> {
  const { rows } = await sql<{ waiting: bigint }>`
    select count(*) as waiting from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'
      and query ~ 'credit, amount, memo|kind = .user.|account_key k join account'
  `.execute(watcher);
  return Number(rows[0]!.waiting);
}
const untilWaiting = (count: number) =>
  vi.waitFor(async () => expect(await waiting()).toBe(count), { timeout: 10_000, interval: 20 });

let unlock: () => void;
let locked: Promise<unknown>;
beforeEach(async () => {
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  unlock = resolve;
  locked = other.transaction().execute(async (tx) => {
    await sql`lock table account, transfer in access exclusive mode`.execute(tx);
    hold();
    await release;
  });
  await held;
});
afterEach(async () => {
  unlock();
  await locked;
});

const history = () => `/users/${user.id}/transactions?kind=gift`;

test("a read that waits for longer than five seconds is answered, and its statement is gone", async () => {
  const answer = troop.call(user, "GET", history());
  await untilWaiting(1);
  troop.clock.advance(limits.readTimeoutMs - 1);
  expect(await waiting()).toBe(1);
  troop.clock.advance(1);
  const { status, body } = await answer;
  expect(status).toBe(504);
  expect(body.error).toMatchObject({
    ...{ code: "timeout", type: "server_error" },
    details: { elapsed_ms: limits.readTimeoutMs, timeout_ms: limits.readTimeoutMs },
  });
  // The lock is still held: nothing but the cancelling ended it.
  await untilWaiting(0);
});

test("a write has half a minute; what it had begun is taken back, and it can be made again", async () => {
  const gift = { id: crypto.randomUUID(), to: friend.id, amount: "1.000000" };
  const answer = troop.call(user, "POST", "/transfers", gift);
  await untilWaiting(1);
  troop.clock.advance(limits.readTimeoutMs);
  expect(await waiting()).toBe(1);
  troop.clock.advance(limits.writeTimeoutMs - limits.readTimeoutMs);
  const { status, body } = await answer;
  expect([status, body.error.details.timeout_ms]).toEqual([504, limits.writeTimeoutMs]);
  await untilWaiting(0);
  unlock();
  await locked;
  const again = await troop.call(user, "POST", "/transfers", gift);
  expect(again.body.error.code).toBe("insufficient_credits");
});

test("a reader who hangs up ends what they asked for", async () => {
  const path = history();
  const reader = new AbortController();
  const answer = fetch(troop.coordinator.url + path, {
    headers: { dpop: await troop.proof(user, "GET", path) },
    signal: reader.signal,
  });
  await untilWaiting(1);
  reader.abort();
  await expect(answer).rejects.toThrow();
  await untilWaiting(0);
});

test("as many calls as there are connections wait: all end, and the next is served", async () => {
  const all = Array.from({ length: 10 }, () => troop.call(user, "GET", history()));
  await untilWaiting(10);
  troop.clock.advance(limits.readTimeoutMs);
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual(all.map(() => 504));
  await untilWaiting(0);
  unlock();
  await locked;
  expect((await troop.call(user, "GET", history())).status).toBe(200);
});
