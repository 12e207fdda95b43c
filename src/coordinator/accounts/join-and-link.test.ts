/** A key that is linked while it joins: it acts for one account, and no account is left that nobody can act for. */
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { createMovedClock } from "../clock.fixture.ts";
import { transact } from "../database.ts";
import { openBooks, type SqlBooks } from "../ledger/books.fixture.ts";
import { createAccounts, type Accounts } from "./accounts.ts";
import { insertKey, lockKeys, revokeKey } from "./key-store.ts";
import { insertAccount } from "./store.ts";

const jwk = { kty: "OKP", crv: "Ed25519", x: "x" } as const;
let service: TestService;
let books: SqlBooks;
let accounts: Accounts;
let owner: string;
beforeAll(async () => {
  service = await createDatabase();
  books = await openBooks(service.url);
  accounts = createAccounts({ database: books.database, clock: createMovedClock() });
  owner = await books.account(0);
});
afterAll(async () => {
  await books[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

const link = (key: string) =>
  transact(books.database, async (tx) => {
    await lockKeys(tx, owner);
    return insertKey(tx, owner, key, jwk, books.now);
  });
const orphans = async () => {
  const { rows } = await sql`
    select id from account where kind = 'user' and not exists (
      select 1 from account_key where account = account.id and revoked_ms is null
    )
  `.execute(books.database);
  return rows;
};
/** As joining goes on from where it saw no account of the key. */
const goOn = (id: string) =>
  accounts.joinBy(id, () => insertAccount(books.database, id, jwk, books.now));

test("a key that was linked after its joining looked for it acts for who linked it", async () => {
  expect(await link("linked")).toBe(true);
  expect(await goOn("linked")).toEqual({ account: owner, isNew: false });
  expect(await accounts.exists("linked")).toBe(false);
});

test("one that was linked and revoked meanwhile is refused, and leaves nothing", async () => {
  await link("rotated");
  await transact(books.database, (tx) => revokeKey(tx, "rotated", books.now));
  await expect(goOn("rotated")).rejects.toMatchObject({ code: "invalid_proof" });
  expect(await accounts.exists("rotated")).toBe(false);
});

test("of joining and linking at once one wins, every time", async () => {
  const keys = Array.from({ length: 60 }, (_, index) => `raced ${index}`);
  await Promise.all(
    keys.map(async (id) => {
      const [joined, isLinked] = await Promise.all([accounts.join({ id, jwk }), link(id)]);
      expect(joined.account).toBe(isLinked ? owner : id);
    }),
  );
  expect(await orphans()).toEqual([]);
});

test("of many that join with one key at once, one makes the account and all are let in", async () => {
  const joined = await Promise.all(Array.from({ length: 8 }, () => goOn("alone")));
  expect(new Set(joined.map(({ account }) => account))).toEqual(new Set(["alone"]));
  expect(joined.filter(({ isNew }) => isNew)).toHaveLength(1);
});

test("what was being read while a key was revoked is not remembered", async () => {
  await link("raced");
  const reading = accounts.accountOf("raced");
  // Its row was read before it changed; what is read is told only after the key is forgotten.
  accounts.forget("raced");
  expect(await reading).toBe(owner);
  await transact(books.database, async (tx) => revokeKey(tx, "raced", books.now));
  await expect(accounts.accountOf("raced")).rejects.toMatchObject({ code: "invalid_proof" });
});
