/** A hold whose vesting fails is passed over, and named to whoever asked; the others get what is theirs. */
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { createMovedClock } from "../clock.fixture.ts";
import { startJobs } from "../jobs/jobs.ts";
import { credits, lineOf, openBooks } from "./books.fixture.ts";

const day = 24 * 60 * 60_000;
const patience = { timeout: 20_000, interval: 5 };

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
    const passOver = (hold: string) => void passedOver.push(hold);
    const { vested } = await books.ledger.vest(books.now + day, { passOver });
    expect([vested, passedOver]).toEqual([1, [poisoned.id]]);
    expect(await books.posted(sound.payee)).toBeGreaterThan(0n);
    await expect(books.ledger.vest(books.now + day)).rejects.toThrow(/check constraint/);
  },
);

/** More than one page of them, in holds that have room for so many. */
const [stuckHolds, stuckEach] = [3, 200];

test("a page full of requests that cannot vest keeps nobody waiting who comes behind them", async () => {
  await using books = await openBooks();
  books.now = 1_600_000_000_000;
  const open = async (payee: string, requests: number) => {
    const account = await books.account();
    const hold = await books.hold({ account, payee, amount: credits(1_000) });
    const lines = Array.from({ length: requests }, (_, index) =>
      lineOf(hold, index + 1, { billed_ms: 1_000 }),
    );
    await books.receive(hold, ...lines);
  };
  const [poisoned, sound] = [await books.account(0), await books.account(0)];
  for (let holds = 0; holds < stuckHolds; holds += 1) await open(poisoned, stuckEach);
  books.now += 1;
  await open(sound, 1);
  await sql`update account set posted = 0 where id = ${`vesting:${poisoned}`}`.execute(
    books.database,
  );
  const clock = createMovedClock(books.now + 2 * day);
  await using _jobs = await startJobs({
    ...{ clock, ledger: books.ledger, random: systemRandom, log: createLog("silent") },
    registry: { runningHolds: () => Promise.resolve(new Set()) },
    service: {
      resume: (now) => Promise.resolve({ now, lastAlive: now }),
      writeAlive: (now) => Promise.resolve(now),
    },
  });
  await vi.waitFor(async () => {
    clock.advance(10_000);
    expect(await books.posted(sound)).toBe(credits(1));
  }, patience);
});
