/** A coordinator whose clock is ahead of its database's makes nobody's time pass: not in the books, and not for its jobs. */
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { createMovedClock } from "../clock.fixture.ts";
import { lineOf, openBooks } from "../ledger/books.fixture.ts";
import { startJobs } from "./jobs.ts";
import { createServiceStore, takeTurn } from "./service-store.ts";

const hour = 60 * 60_000;
const day = 24 * hour;
const year = 365 * day;
const patience = { timeout: 20_000, interval: 5 };

async function openNow(kind: string) {
  await using resources = new AsyncDisposableStack();
  const service = kind === "PostgreSQL" ? resources.use(await createDatabase()) : undefined;
  const books = resources.use(await openBooks(service?.url));
  const replica = createServiceStore(books.database);
  const now = systemClock.now();
  books.now = now - 12 * hour;
  const [account, payee] = [await books.account(), await books.account(0)];
  const hold = await books.hold({ account, payee, expiresAt: now + hour });
  await books.receive(hold, lineOf(hold, 1));
  const owned = resources.move();
  return {
    ...{ books, replica, now, hold, payee },
    /** By how much the request's day has grown, ms. */
    async prolongedBy(): Promise<number> {
      const { rows } = await sql<{ by: bigint }>`
        select vests_ms - received_ms - ${day}::bigint as by from request where hold = ${hold.id}
      `.execute(books.database);
      return Number(rows[0]!.by);
    },
    /** When each was last begun, ms. */
    async jobs(): Promise<Map<string, number>> {
      const { rows } = await sql<{ name: string; begun_ms: bigint }>`
        select name, begun_ms from job
      `.execute(books.database);
      return new Map(rows.map(({ name, begun_ms }) => [name, Number(begun_ms)]));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const kinds = ["PGlite", "PostgreSQL"];
test.each(kinds)("a replica a year ahead postpones no vesting, on %s", async (kind) => {
  await using books = await openNow(kind);
  await books.replica.resume(books.now);
  const resumed = await books.replica.resume(books.now + year);
  expect(resumed.lastAlive).toBe(books.now);
  expect(resumed.now).toBeLessThan(books.now + hour);
  expect(await books.prolongedBy()).toBe(0);
});

test.each(kinds)("nor does it hide that nobody was there, on %s", async (kind) => {
  await using books = await openNow(kind);
  await books.replica.resume(books.now - 3 * hour);
  const { lastAlive } = await books.replica.resume(books.now - 2 * hour);
  expect(lastAlive).toBe(books.now - 3 * hour);
  expect(await books.prolongedBy()).toBe(hour);
  expect(await books.replica.writeAlive(books.now + year)).toBeLessThan(books.now + hour);
  const later = await books.replica.resume(books.now);
  expect(later.lastAlive).toBeLessThan(books.now + hour);
});

test("nor does it take the audit's turns of a year", async () => {
  await using books = await openNow("PGlite");
  const audit = { name: "audit", everyMs: hour, patienceMs: hour };
  expect(await takeTurn(books.books.database, audit, books.now + year, async () => {})).toBe(true);
  expect((await books.jobs()).get("audit")).toBeLessThan(books.now + hour);
});

test("its jobs go by the time that the books believe: it vests nothing early, and ends no hold", async () => {
  await using books = await openNow("PGlite");
  const { ledger } = books.books;
  const begun = await books.jobs();
  const clock = createMovedClock(books.now + year);
  const swept: number[] = [];
  await using _jobs = await startJobs({
    ...{ clock, ledger, random: systemRandom, log: createLog("silent"), service: books.replica },
    registry: { runningHolds: () => Promise.resolve(new Set()) },
    onSwept: async (now) => void swept.push(now),
  });
  await vi.waitFor(() => {
    clock.advance(10_000);
    expect(swept.length).toBeGreaterThan(2);
  }, patience);
  expect(Math.max(...swept)).toBeLessThan(books.now + hour);
  // The faucet too is filled by the day that it is.
  expect(await books.jobs()).toEqual(begun);
  expect(await books.books.posted(books.payee)).toBe(0n);
  expect((await ledger.findHold(books.hold.id, "body"))!.state).toBe("open");
});
