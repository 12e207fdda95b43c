/** A hold that cannot end is passed over, and named to whoever asked; all others give back what they reserve. */
import { sql } from "kysely";
import { expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { credits, openBooks } from "./books.fixture.ts";

/** More than one page of them. */
const sound = 205;
const expiry = 86_400_000;

test.each(["PGlite", "PostgreSQL"])(
  "a hold whose account reserves less than it says stops nobody else's end, on %s",
  { timeout: 60_000 },
  async (kind) => {
    await using resources = new AsyncDisposableStack();
    const service = kind === "PostgreSQL" ? resources.use(await createDatabase()) : undefined;
    const books = resources.use(await openBooks(service?.url));
    const { expireHolds, releaseUnused } = books.ledger;
    const passedOver: string[] = [];
    const passOver = (hold: string) => void passedOver.push(hold);
    const payee = await books.account(0);
    const [poor, whole] = [await books.account(), await books.account(3_000)];
    const open = async (account: string) =>
      (await books.hold({ account, payee, amount: credits(1) })).id;
    const held = async () => (await books.ledger.balance(whole))!.held;

    const damaged = await open(poor);
    await sql`update account set held = 0 where id = ${poor}`.execute(books.database);
    const unused = [damaged, await open(whole), await open(whole)];
    await expect(releaseUnused(unused, books.now)).rejects.toThrow(/check constraint/);
    expect(await held()).toBe(credits(2));
    await releaseUnused(unused, books.now, passOver);
    expect([await held(), passedOver]).toEqual([0n, [damaged]]);

    for (let count = 0; count < sound; count += 1) await open(whole);
    await expect(expireHolds(books.now + expiry)).rejects.toThrow(/check constraint/);
    expect(await expireHolds(books.now + expiry, passOver)).toBe(sound);
    expect([await held(), passedOver]).toEqual([0n, [damaged, damaged]]);
  },
);
