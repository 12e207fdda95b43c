/** Starter credits: bounded, in order, once, and no more to one place than its share. */
import { describe, expect, test } from "vitest";
import { createLedger } from "./ledger.ts";
import { credits, openBooks, booksOver, type Books } from "./books.fixture.ts";
import { paidAt, prefixMost } from "./grants.ts";
import { createDatabase } from "../../../test/support/services.ts";
import { createMemoryStore } from "../../../test/simulation/ledger/memory-store.ts";
import { createSqlStore } from "./sql-store.ts";
import type { LedgerStore } from "./ledger-store.ts";

const day = 24 * 60 * 60_000;
const start = 1_800_000_000_000;
// Beyond anything that the fixture's own accounts have left in the faucet.
const starterCredits = credits(10_000_000);

interface Opened {
  books: Books;
  store: LedgerStore;
  resources: AsyncDisposableStack;
}

async function open(kind: "PGlite" | "PostgreSQL" | "memory"): Promise<Opened> {
  const resources = new AsyncDisposableStack();
  if (kind === "memory") {
    const store = createMemoryStore();
    const add = async (id: string) => void (await store.addUser(id));
    const books = resources.use(await booksOver(store, add, () => Promise.resolve()));
    return { books, store, resources };
  }
  const service = kind === "PostgreSQL" ? resources.use(await createDatabase()) : undefined;
  const books = resources.use(await openBooks(service?.url));
  return { books, store: createSqlStore(books.database), resources };
}

describe.each(["PGlite", "PostgreSQL", "memory"] as const)(
  "the faucet on %s",
  { timeout: 120_000 },
  (kind) => {
    test("gives one place ten grants a day, at once or one by one, and no more", async () => {
      const { books, store, resources } = await open(kind);
      await using _all = resources;
      const faucetDaily = credits(1_000_000_000);
      const ledger = createLedger({ store, starterCredits, faucetDaily });
      await ledger.refill(start + day);
      const now = start + day + 1;
      const crowd = await Promise.all(Array.from({ length: 13 }, () => books.account(0)));
      const answers = await Promise.all(crowd.map((id) => ledger.grant(id, now, "203.0.113.0/24")));
      expect(answers.filter((answer) => answer === "granted")).toHaveLength(10);
      const [elsewhere, here] = [await books.account(0), await books.account(0)];
      expect(await ledger.grant(elsewhere, now, "198.51.100.0/24")).toBe("granted");
      expect(await ledger.grant(here, now)).toBe("granted");

      // Who waits holds up nobody behind, and is paid the next day.
      await ledger.refill(now);
      const paid = async () =>
        (await Promise.all(crowd.map((id) => books.posted(id)))).filter((posted) => posted > 0n);
      expect(await paid()).toHaveLength(10);
      await ledger.refill(start + 2 * day);
      expect(await paid()).toHaveLength(13);
      expect(await ledger.audit()).toEqual([]);
    });

    test("says when somebody who waits will be paid: as many days as the queue before them is long", async () => {
      const { books, store, resources } = await open(kind);
      await using _all = resources;
      const ledger = createLedger({ store, starterCredits, faucetDaily: starterCredits });
      const tomorrow = ledger.nextRefill(start);
      const waiting: string[] = [];
      for (const _place of [1, 2, 3]) {
        const id = await books.account(0);
        // Something of today's is gone already.
        await books.account(1);
        expect(await ledger.grant(id, start + waiting.length)).toBe("waiting");
        expect(await ledger.starterAt(id, start)).toBe(tomorrow + waiting.length * day);
        waiting.push(id);
      }
      for (const [index, id] of waiting.entries()) {
        await ledger.refill(tomorrow + index * day);
        expect(await books.posted(id)).toBe(starterCredits);
      }
      expect(await ledger.audit()).toEqual([]);
    });

    test("is filled once a day, also on a day that began with nothing missing", async () => {
      const { books, store, resources } = await open(kind);
      await using _all = resources;
      const ledger = createLedger({ store, starterCredits: credits(7), faucetDaily: credits(100) });
      const today = start + day;
      // It holds more than its level: the day's fill moves nothing.
      await ledger.refill(today);
      const rich = createLedger({
        store,
        starterCredits: credits(9_999_950),
        faucetDaily: credits(100),
      });
      await rich.grant(await books.account(0), today);
      await ledger.refill(today + 10_000);
      // What is left of the day pays seven grants and no eighth.
      for (const _grant of Array(7)) await ledger.grant(await books.account(0), today);
      await ledger.refill(today + 20_000);
      expect(await ledger.grant(await books.account(0), today)).toBe("waiting");
      await ledger.refill(today + day);
      expect(await ledger.grant(await books.account(0), today + day)).toBe("granted");
      expect(await ledger.audit()).toEqual([]);
    });

    test("gives an account its credits once, however often it asks at the same time", async () => {
      const { books, store, resources } = await open(kind);
      await using _all = resources;
      const amounts = { starterCredits: credits(7), faucetDaily: credits(1_000) };
      const ledgers = [createLedger({ store, ...amounts }), createLedger({ store, ...amounts })];
      const id = await books.account(0);
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => ledgers[index % 2]!.grant(id, start + index)),
      );
      await ledgers[0]!.refill(start + day);
      expect(await books.posted(id)).toBe(credits(7));
      expect(await ledgers[0]!.audit()).toEqual([]);
    });
  },
);

test.each([
  [1_000, 100_000, 10_000],
  [1_000, 10_000_000, 100_000],
  [0, 0, 0],
])("of %s credits each and %s a day, one place draws at most %s", (each, daily, most) => {
  expect(prefixMost(credits(each), credits(daily))).toBe(credits(most));
});

test.each([
  ["the first in the queue", 0, 1],
  ["the last of the first day", 99, 1],
  ["the first of the second", 100, 2],
])("%s is paid with the next refills", (_name, ahead, days) => {
  const amounts = { starterCredits: credits(1_000), faucetDaily: credits(100_000) };
  expect(paidAt(ahead, amounts, 10 * day + 5)).toBe((10 + days) * day);
});
