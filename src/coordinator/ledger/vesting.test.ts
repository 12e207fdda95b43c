/** A hold whose vesting fails is passed over, and named to whoever asked; the others get what is theirs. */
import { sql } from "kysely";
import { expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { lineOf, openBooks } from "./books.fixture.ts";

const day = 24 * 60 * 60_000;

test.each(["PGlite", "PostgreSQL"])(
  "one row that cannot vest stops only itself, on %s",
  { timeout: 60_000 },
  async (kind) => {
    await using resources = new AsyncDisposableStack();
    const service = kind === "PostgreSQL" ? resources.use(await createDatabase()) : undefined;
    const books = resources.use(await openBooks(service?.url));
    const open = async () => {
      const [account, payee] = [await books.account(), await books.account(0)];
      const hold = await books.hold({ account, payee });
      await books.receive(hold, lineOf(hold, 1));
      return hold;
    };
    const poisoned = await open();
    const sound = await open();
    const vestingOfPoisoned = `vesting:${poisoned.payee}`;
    await sql`update account set posted = 0 where id = ${vestingOfPoisoned}`.execute(
      books.database,
    );
    const passedOver: string[] = [];
    const vested = await books.ledger.vest(books.now + day, (hold) => passedOver.push(hold));
    expect([vested, passedOver]).toEqual([1, [poisoned.id]]);
    expect(await books.posted(sound.payee)).toBeGreaterThan(0n);
    await expect(books.ledger.vest(books.now + day)).rejects.toThrow(/check constraint/);
  },
);
