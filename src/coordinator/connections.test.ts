/** Whatever the server's operator has set, and whoever else holds its locks: what a call meets there has a code. */
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import pg from "pg";
import { createDatabase, type TestService } from "../../test/support/services.ts";
import { createLog } from "../host/log.ts";
import { openDatabase, reaching, retrying, transact, type Database } from "./database.ts";
import { lineOf, openBooks, type SqlBooks } from "./ledger/books.fixture.ts";
import { createSqlStore } from "./ledger/sql-store.ts";
import { endWhereSilent } from "./silent-server.ts";
import { createWay } from "./way.fixture.ts";

let service: TestService;
let books: SqlBooks;
let other: Database;
const open = (url: string) =>
  openDatabase({ url, folder: undefined, poolSize: 4 }, createLog("silent"));
beforeAll(async () => {
  service = await createDatabase();
  books = await openBooks(service.url);
  other = await open(service.url);
});
afterAll(async () => {
  await other.destroy();
  await books[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

const isolation = async (database: Database) =>
  (await sql`select current_setting('transaction_isolation') as level`.execute(database)).rows;

test("every connection works under READ COMMITTED, whatever the database's default is", async () => {
  const name = sql.id(new URL(service.url).pathname.slice(1));
  await sql`alter database ${name} set default_transaction_isolation to 'serializable'`.execute(
    other,
  );
  const database = await open(service.url);
  const levels = [await isolation(database), await transact(database, isolation)];
  await database.destroy();
  await sql`alter database ${name} reset default_transaction_isolation`.execute(other);
  expect(levels.flat()).toEqual([{ level: "read committed" }, { level: "read committed" }]);
});

const unavailable = { code: "ledger_unavailable", status: 503 };
test.each(["statement_timeout", "lock_timeout"])(
  "a receipt that waits for a lock beyond %s finds the ledger unavailable, and may come again",
  async (setting) => {
    const [account, payee] = [await books.account(), await books.account(0)];
    const hold = await books.hold({ account, payee });
    const store = createSqlStore(other);
    await transact(books.database, async (tx) => {
      await sql`select 1 from hold where id = ${hold.id} for update`.execute(tx);
      const waiting = transact(other, async (theirs) => {
        await sql`select set_config(${setting}, '50', true)`.execute(theirs);
        await sql`update hold set captured = captured where id = ${hold.id}`.execute(theirs);
      });
      await expect(waiting).rejects.toMatchObject(unavailable);
    });
    expect(await store.readHold(hold.id)).toMatchObject({ captured: 0n });
    expect(await books.receive(hold, lineOf(hold, 1))).toMatchObject({ status: "accepted" });
  },
);

test("a ticket is opened and closed though each was the loser of a deadlock at first", async () => {
  const [account, payee] = [await books.account(), await books.account(0)];
  const wish = books.newHold({ account, payee });
  // A sequence counts on though its transaction is taken back: every first attempt is refused.
  await sql`create sequence attempts`.execute(other);
  await sql
    .raw(
      `create function lose_once() returns trigger language plpgsql as $$ begin
      if nextval('attempts') % 2 = 1 then raise exception 'lost' using errcode = '40P01'; end if;
      return new; end $$`,
    )
    .execute(other);
  await sql`
    create trigger lose before insert or update of state on hold for each row execute function lose_once()
  `.execute(other);
  const store = createSqlStore(books.database);
  expect(await store.insertHold(wish)).toBe("opened");
  expect(await store.closeComplete(wish.id, wish.node, [], books.now)).toBe(true);
  await sql`drop trigger lose on hold`.execute(other);
  expect(await books.ledger.balance(account)).toMatchObject({ held: 0n });
  expect(await books.ledger.audit()).toEqual([]);
});

test("who loses again and again hears so", async () => {
  let attempts = 0;
  const losing = retrying(() => {
    attempts += 1;
    return Promise.reject(Object.assign(new Error("lost"), { code: "40001" }));
  });
  await expect(losing).rejects.toThrow("lost");
  expect(attempts).toBeGreaterThan(1);
});

test("a connection that the server ends in the middle of a transaction fails it, and nothing else", async () => {
  const broken = transact(other, async (theirs) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(theirs);
    await sql`select pg_terminate_backend(${rows[0]!.pid}::int)`.execute(books.database);
    await sql`select 1`.execute(theirs);
  });
  await expect(broken).rejects.toMatchObject(unavailable);
  expect(await isolation(other)).toEqual([{ level: "read committed" }]);
});

test("a server that vanishes without a word fails its statement, and the pool connects anew", async () => {
  const url = new URL(service.url);
  await using way = createWay(Number(url.port));
  url.port = String(await way.open());
  const pool = new pg.Pool({ connectionString: url.href, max: 1 });
  pool.on("error", () => undefined);
  pool.on("connect", (client) =>
    endWhereSilent(
      client.on("error", () => undefined),
      2_000,
    ),
  );
  const ask = async () => {
    const client = await pool.connect();
    return client.query("select 1 as it").finally(() => client.release());
  };
  await ask();
  way.silence();
  await expect(reaching(ask)).rejects.toMatchObject(unavailable);
  expect((await ask()).rows).toEqual([{ it: 1 }]);
  await pool.end();
});
