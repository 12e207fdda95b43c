/** The hourly audit and the daily fit, as a running coordinator does them. */
import { expect, test, vi } from "vitest";
import { sql } from "kysely";
import { createDatabase } from "../../../test/support/services.ts";
import { createLog } from "../../host/log.ts";
import { makeSigner, openCoordinator } from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import { claimJob } from "./service-store.ts";

const minute = 60_000;
const hour = 60 * minute;
const patience = { timeout: 20_000, interval: 20 };

test("a job is one coordinator's at a time, and its next turn comes when it is due", async () => {
  await using service = await createDatabase();
  await using _troop = await openCoordinator({ databaseUrl: service.url });
  const config = { url: service.url, folder: undefined, poolSize: 8 };
  const database = await openDatabase(config, createLog("silent"));
  const claim = (now: number) => claimJob(database, "a-job", hour, now);
  const many = await Promise.all(Array.from({ length: 8 }, () => claim(1_000)));
  expect(many.filter(Boolean)).toHaveLength(1);
  expect(await claim(hour + 999)).toBe(false);
  expect(await claim(hour + 1_000)).toBe(true);
  await database.destroy();
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
