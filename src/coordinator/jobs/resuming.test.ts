/** After an outage each request's day is prolonged once, by what it saw of the outage, however many coordinators come back. */
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { lineOf, openBooks, seen, type SqlBooks } from "../ledger/books.fixture.ts";
import { turnPage } from "../ledger/page.ts";
import { acknowledgeLine } from "../ledger/settlement.ts";
import { createSqlStore } from "../ledger/sql-store.ts";
import { createServiceStore } from "./service-store.ts";

const hour = 60 * 60_000;
const day = 24 * hour;
let service: TestService;
let books: SqlBooks;
beforeAll(async () => {
  service = await createDatabase();
  books = await openBooks(service.url);
  // The database's clock is ahead of all that happens here, so that each time is believed.
  books.now = 1_600_000_000_000;
});
afterAll(async () => {
  await books[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

const replica = () => createServiceStore(books.database);
/** A request that vests from `books.now` on. */
async function vesting() {
  const [account, payee] = [await books.account(), await books.account(0)];
  const hold = await books.hold({ account, payee });
  await books.receive(hold, lineOf(hold, 1));
  return hold;
}
async function prolongedBy(hold: { id: string }): Promise<number> {
  const { rows } = await sql<{ by: bigint }>`
    select vests_ms - received_ms - ${day}::bigint as by from request where hold = ${hold.id}
  `.execute(books.database);
  return Number(rows[0]!.by);
}
let lastAlive: number;
beforeEach(async () => {
  lastAlive = books.now += 10 * day;
  await replica().resume(lastAlive);
});

test("of eight replicas that start at once, one postpones vesting", async () => {
  const hold = await vesting();
  const back = lastAlive + 2 * hour;
  await Promise.all(Array.from({ length: 8 }, () => replica().resume(back)));
  expect(await prolongedBy(hold)).toBe(2 * hour);
  await replica().resume(back + 1_000);
  expect(await prolongedBy(hold)).toBe(2 * hour);
});

test("a replica that was cut off postpones nothing while another was alive", async () => {
  const hold = await vesting();
  await replica().writeAlive(lastAlive + 2 * hour - 10_000);
  expect(await replica().resume(lastAlive + 2 * hour)).toEqual({
    now: lastAlive + 2 * hour,
    lastAlive: lastAlive + 2 * hour - 10_000,
  });
  expect(await prolongedBy(hold)).toBe(0);
});

test("what was received when the outage was over waits no longer for it", async () => {
  const before = await vesting();
  books.now = lastAlive + 2 * hour - 3_000;
  const after = await vesting();
  await replica().resume(lastAlive + 2 * hour);
  expect(await prolongedBy(before)).toBe(2 * hour);
  // It is counted as down for the three seconds until somebody noted that it was not.
  expect(await prolongedBy(after)).toBe(3_000);
});

test("a page that was opened before and is written afterwards does not take the time back", async () => {
  const hold = await vesting();
  // Nothing else was paid for, so that this one cannot go back, and goes on vesting.
  const word = { k: 1, verdict: "not_received" } as const;
  await createSqlStore(books.database).transaction(async (tx) => {
    const { book } = (await tx.openPage(hold.id, false))!;
    await replica().resume(lastAlive + 2 * hour);
    const page = turnPage(book, [(opened) => acknowledgeLine(opened, word, "s", books.now)]);
    expect(page.changes.rows[0]).toMatchObject({ state: "vesting" });
    const statement = { id: "s", signer: hold.account, jws: "s" };
    await tx.writePage(book, page.changes, statement, books.now);
  });
  expect(await prolongedBy(hold)).toBe(2 * hour);
});

test("a page that settles meanwhile is settled, and its day is over", async () => {
  const hold = await vesting();
  const line = lineOf(hold, 1);
  await Promise.all([
    replica().resume(lastAlive + 2 * hour),
    books.acknowledge(hold, seen(line)),
    replica().resume(lastAlive + 2 * hour),
  ]);
  const { rows } = await sql`
    select state, vests_ms from request where hold = ${hold.id}
  `.execute(books.database);
  expect(rows).toEqual([{ state: "settled", vests_ms: null }]);
});
