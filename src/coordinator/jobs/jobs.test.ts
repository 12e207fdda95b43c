/** What the coordinator does by itself as time passes, seen from outside. */
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { createMovedClock } from "../clock.fixture.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import { createWay } from "../way.fixture.ts";
import { expiryPauseMs } from "./recovery.ts";

const minute = 60_000;
const step = 10_000;
const patience = { timeout: 20_000, interval: 20 };
const anchor = createSecretTree(new Uint8Array(32)).anchor;

const authorize = async (troop: TestCoordinator, user: Signer) => {
  const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor };
  return (await troop.call(user, "POST", "/authorize", wish)).body.hold as string;
};
const held = async (troop: TestCoordinator, user: Signer): Promise<string> =>
  (await troop.call(user, "GET", `/users/${user.id}/balance`)).body.held;
/** Moves time in the steps that jobs take. */
async function pass(troop: TestCoordinator, ms: number, eachStep = async () => {}): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) {
    troop.clock.advance(step);
    await eachStep();
  }
}

test("a ticket that nobody used is given back a minute after its end, unless the node is at work on it", async () => {
  await using database = await createDatabase();
  await using troop = await openCoordinator({ databaseUrl: database.url });
  const [unused, used, owner] = [await makeSigner(), await makeSigner(), await makeSigner()];
  const node = await troop.serve(owner);
  await authorize(troop, unused);
  const running = [await authorize(troop, used)];
  let counter = 1;
  const beat = async () => {
    counter += 1;
    await troop.call(node, "POST", "/heartbeat", beatOf({ counter, running }));
  };
  await pass(troop, 5 * minute, beat);
  expect([await held(troop, unused), await held(troop, used)]).toEqual(["15.000000", "15.000000"]);
  // Rounds of jobs take real time too: time moves on until one has come by.
  await vi.waitFor(async () => {
    await pass(troop, step, beat);
    expect(await held(troop, unused)).toBe("0.000000");
  }, patience);
  expect(await held(troop, used)).toBe("15.000000");
  expect(await troop.coordinator.auditLedger()).toEqual([]);
});

test("after a restart holds do not expire for a quarter of an hour, so that receipts can arrive", async () => {
  await using database = await createDatabase();
  const user = await makeSigner();
  const clock = createMovedClock();
  const settings = { databaseUrl: database.url };
  {
    await using before = await openCoordinator(settings, clock);
    await before.serve(await makeSigner());
    await authorize(before, user);
  }
  clock.advance(24 * 60 * minute);
  await using after = await openCoordinator(settings, clock);
  await pass(after, expiryPauseMs - minute);
  expect(await held(after, user)).toBe("15.000000");
  await vi.waitFor(async () => {
    await pass(after, step);
    expect(await held(after, user)).toBe("0.000000");
  }, patience);
  expect(await after.coordinator.auditLedger()).toEqual([]);
});

test("nobody has missed the beats that could not be taken in while the books were out of reach", async () => {
  await using service = await createDatabase();
  const url = new URL(service.url);
  await using way = createWay(Number(url.port));
  const at = await way.open();
  url.port = String(at);
  await using troop = await openCoordinator({ databaseUrl: url.href });
  const node = await troop.serve(await makeSigner());
  let counter = 1;
  const beat = async () => {
    counter += 1;
    return (await troop.call(node, "POST", "/heartbeat", beatOf({ counter }))).status;
  };
  await way.cut();
  await pass(troop, 5 * minute, async () => void (await beat()));
  expect(await beat()).toBe(503);
  await way.open(at);
  await vi.waitFor(async () => expect(await beat()).toBe(200), patience);
  const database = await openDatabase(
    { url: service.url, folder: undefined, poolSize: 1 },
    createLog("silent"),
  );
  const noted = await vi.waitFor(async () => {
    await pass(troop, minute, async () => void (await beat()));
    const { rows } = await sql<{ missed_ms: bigint }>`select missed_ms from presence`.execute(
      database,
    );
    expect(rows).toHaveLength(1);
    return rows;
  }, patience);
  await database.destroy();
  expect(noted).toEqual([{ missed_ms: 0n }]);
});
