/** The books watch themselves: constraints, the append-only trigger, the audit, and migrations with data in place. */
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { migrateDown, migrateUp, pendingMigrations } from "../migrations/migrate.ts";
import { createLedger } from "./ledger.ts";
import { createSqlStore } from "./sql-store.ts";
import { credits, lineOf, openBooks, seen, type SqlBooks, type TestHold } from "./books.fixture.ts";

const day = 24 * 60 * 60_000;

describe.each(["PGlite", "PostgreSQL"] as const)("the books on %s", (kind) => {
  let service: TestService | undefined;
  let books: SqlBooks;
  let hold: TestHold;
  beforeAll(async () => {
    service = kind === "PostgreSQL" ? await createDatabase() : undefined;
    books = await openBooks(service?.url);
    hold = await books.hold({ account: await books.account(), payee: await books.account(0) });
    const line = lineOf(hold, 1);
    await books.receive(hold, line, lineOf(hold, 2));
    await books.acknowledge(hold, seen(line));
  }, 120_000);
  afterAll(async () => {
    await books[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });

  const run = (statement: string) => sql.raw(statement).execute(books.database);
  const offences = async () =>
    (await books.ledger.audit()).map(({ invariant, subject }) => [invariant, subject]);

  test("are sound", async () => {
    expect(await offences()).toEqual([]);
  });

  test.each(["update transfer set amount = 1", "delete from transfer", "truncate transfer"])(
    "refuse: %s",
    async (statement) => {
      await expect(run(statement)).rejects.toThrow(/append-only|foreign key/);
    },
  );

  test.each([
    [
      "an overdrawn account",
      (id: string) => `update account set held = posted + 1 where id = '${id}'`,
    ],
    ["a hold that captured too much", () => `update hold set captured = amount + 1`],
    [
      "a transfer to oneself",
      (id: string) => `insert into transfer (id, debit, credit, amount, kind, created_ms)
      values (gen_random_uuid(), '${id}', '${id}', 1, 'gift', 0)`,
    ],
    [
      "a transfer of nothing",
      (id: string) => `insert into transfer (id, debit, credit, amount, kind, created_ms)
      values (gen_random_uuid(), '${id}', 'commons', 0, 'gift', 0)`,
    ],
  ])("cannot hold %s", async (_name, statementFor) => {
    await expect(run(statementFor(hold.account))).rejects.toThrow(/violates check constraint/);
  });

  test.each([
    {
      name: "a balance",
      edit: () => `update account set posted = posted + 5 where id = '${hold.payee}'`,
      undo: () => `update account set posted = posted - 5 where id = '${hold.payee}'`,
      found: () => [
        [1, "all accounts"],
        [2, hold.payee],
      ],
    },
    {
      name: "a reservation",
      edit: () => `update account set held = held - 1 where id = '${hold.account}'`,
      undo: () => `update account set held = held + 1 where id = '${hold.account}'`,
      found: () => [[3, hold.account]],
    },
    {
      name: "what a hold has captured",
      edit: () => `update hold set captured = captured + 1 where id = '${hold.id}'`,
      undo: () => `update hold set captured = captured - 1 where id = '${hold.id}'`,
      found: () => [
        [3, hold.account],
        [5, hold.id],
      ],
    },
    {
      name: "the cost of a request",
      edit: () => `update request set cost = cost + 1, shortfall = shortfall where k = 1`,
      undo: () => `update request set cost = cost - 1 where k = 1`,
      found: () => [
        [5, hold.id],
        [5, `${hold.id}.1`],
        // Once by its transfers, once by its rates, once by its receipt.
        [5, `${hold.id}.1`],
        [5, `${hold.id}.1`],
      ],
    },
    {
      name: "the state of a request",
      edit: () =>
        `update request set state = 'settled', vests_ms = null, settled_ms = 1 where k = 2`,
      undo: () =>
        `update request set state = 'vesting', vests_ms = 1, settled_ms = null where k = 2`,
      found: () => [[5, `${hold.id}.2`]],
    },
  ])("name the row where somebody edited $name by hand", async ({ edit, undo, found }) => {
    await run(edit());
    expect(await offences()).toEqual(found());
    await run(undo());
    expect(await offences()).toEqual([]);
  });

  test("name the row where somebody edited a transfer by hand, trigger or not", async () => {
    const edit = async (amount: string) => {
      await run("alter table transfer disable trigger transfer_append_only");
      await run(
        `update transfer set amount = amount ${amount} where hold = '${hold.id}' and k = 1 and leg = 'pay'`,
      );
      await run("alter table transfer enable trigger transfer_append_only");
    };
    await edit("+ 7");
    const named = (await offences()).map(([, subject]) => subject);
    expect(named).toContain(`${hold.id}.1`);
    expect(named).toContain(hold.account);
    await edit("- 7");
    expect(await offences()).toEqual([]);
  });

  test("fill the faucet once a day, and pay those who found it empty in the order they came", async () => {
    const { database } = books;
    const small = createLedger({
      store: createSqlStore(database),
      starterCredits: credits(10_000_000),
      faucetDaily: credits(10_000_000),
    });
    const faucet = async () =>
      (
        await sql<{ posted: bigint }>`select posted from account where id = 'faucet'`.execute(
          database,
        )
      ).rows[0]!.posted;
    const [first, second] = [await books.account(0), await books.account(0)];
    const tomorrow = books.now + day;
    // Today's faucet has given to the accounts above already.
    expect(await small.grant(first, books.now)).toBe("waiting");
    expect(await small.grant(second, books.now + 1)).toBe("waiting");
    await small.refill(books.now);
    expect(await books.posted(first)).toBe(0n);
    await small.refill(tomorrow);
    await small.refill(tomorrow);
    expect(await books.posted(first)).toBe(credits(10_000_000));
    expect(await books.posted(second)).toBe(0n);
    expect(await faucet()).toBe(0n);
    await small.refill(small.nextRefill(tomorrow));
    expect(await books.posted(second)).toBe(credits(10_000_000));
    expect(await offences()).toEqual([]);
  });

  test("go down and up again through every migration, with data in place", async () => {
    expect(await pendingMigrations(books.database)).toEqual([]);
    await migrateDown(books.database);
    expect(await pendingMigrations(books.database)).not.toEqual([]);
    const { rows } = await sql`
      select table_name from information_schema.tables
      where table_schema = 'public' and table_name not like 'kysely%'
    `.execute(books.database);
    expect(rows).toEqual([]);
    await migrateUp(books.database);
    expect(await offences()).toEqual([]);
  });
});
