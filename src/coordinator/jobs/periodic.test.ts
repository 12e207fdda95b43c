/** The hourly audit and the daily fit, as a running coordinator does them. */
import { expect, test, vi } from "vitest";
import { sql } from "kysely";
import { createDatabase } from "../../../test/support/services.ts";
import { createLog } from "../../host/log.ts";
import { makeSigner, openCoordinator } from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import { migrateUp } from "../migrations/migrate.ts";
import { takeTurn } from "./service-store.ts";

const minute = 60_000;
const hour = 60 * minute;
const patience = { timeout: 20_000, interval: 20 };

const second = 1_000;
const longAgo = 1_600_000_000_000;
const job = { name: "a-job", everyMs: hour, patienceMs: minute };

/** Books, and a job of theirs. */
async function openBooks() {
  await using stack = new AsyncDisposableStack();
  const service = stack.use(await createDatabase());
  const config = { url: service.url, folder: undefined, poolSize: 8 };
  const database = stack.adopt(await openDatabase(config, createLog("silent")), (opened) =>
    opened.destroy(),
  );
  await migrateUp(database);
  const kept = stack.move();
  return {
    /** @param at ms after some day long ago */
    turn: (at: number, work = async () => {}) => takeTurn(database, job, longAgo + at, work),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

test("a job is one coordinator's at a time, and its next turn comes when it is due", async () => {
  await using books = await openBooks();
  const many = await Promise.all(Array.from({ length: 8 }, () => books.turn(second)));
  expect(many.filter(Boolean)).toHaveLength(1);
  expect(await books.turn(hour + 999)).toBe(false);
  expect(await books.turn(hour + second)).toBe(true);
});

test("who dies at its turn, or stands still, is waited for, and not for ever", async () => {
  await using books = await openBooks();
  const begin = async (at: number) => {
    const [begun, standing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const turn = books.turn(at, () => {
      begun.resolve();
      return standing.promise;
    });
    await begun.promise;
    return { turn, goOn: standing.resolve };
  };
  const first = await begin(second);
  expect(await books.turn(minute)).toBe(false);
  const next = await begin(minute + second);
  // Back again, the first says nothing of the turn that another has now, and may be dead at.
  first.goOn();
  expect(await first.turn).toBe(true);
  expect(await books.turn(2 * minute)).toBe(false);
  expect(await books.turn(2 * minute + second)).toBe(true);
  next.goOn();
  await next.turn;
  expect(await books.turn(hour + minute + second)).toBe(false);
  expect(await books.turn(hour + 2 * minute + second)).toBe(true);
});

test("a turn that fails is anybody's at once", async () => {
  await using books = await openBooks();
  const failing = books.turn(second, () => Promise.reject(new Error("the disk is full")));
  await expect(failing).rejects.toThrow("the disk is full");
  expect(await books.turn(second)).toBe(true);
});

test("every hour the books are audited, and a row that somebody edited by hand is counted", async () => {
  await using service = await createDatabase();
  await using troop = await openCoordinator({ databaseUrl: service.url });
  const { counters } = troop.coordinator;
  await vi.waitFor(() => expect(counters).toMatchObject({ audits: 1, tariffFits: 1 }), patience);
  const user = await makeSigner();
  await troop.call(user, "POST", "/users", {});
  const config = { url: service.url, folder: undefined, poolSize: 1 };
  const database = await openDatabase(config, createLog("silent"));
  await sql`update account set posted = posted + 1 where id = ${user.id}`.execute(database);
  await database.destroy();
  expect(counters).toMatchObject({ audits: 1, offences: 0 });
  await vi.waitFor(() => {
    troop.clock.advance(minute);
    expect(counters.audits).toBeGreaterThan(1);
  }, patience);
  expect(counters.offences).toBeGreaterThanOrEqual(2);
});
