/** Redis is lost: what moves credits waits, and all else goes on more slowly. */
import { expect, test, vi } from "vitest";
import { createRedisDatabase } from "../../../test/support/services.ts";
import { createMovedClock } from "../clock.fixture.ts";
import { createWay } from "../way.fixture.ts";
import { createLog } from "../../host/log.ts";
import { redisAt } from "../redis-connection.ts";
import { openCallLog } from "./open-call-log.ts";

function open(url: string, clock = createMovedClock()) {
  return openCallLog(redisAt({ url, clock, log: createLog("silent") }), clock);
}
const charge = { bucket: "a", limit: 8, windowMs: 60_000 };

test("while nobody answers, money is refused and the rest gets a quarter of its rate", async () => {
  // Nobody listens there.
  await using calls = await open("redis://127.0.0.1:1");
  for (let call = 1; call <= 3; call += 1)
    expect(await calls.charge({ ...charge, isMoney: false })).toMatchObject({
      ...{ limit: 2, isAllowed: call <= 2, isFirstRefusal: call === 3 },
    });
  await expect(calls.charge({ ...charge, isMoney: true })).rejects.toMatchObject({
    ...{ code: "ledger_unavailable", status: 503, retryAfterMs: 5_000 },
  });
});

test("a Redis that is lost and comes back counts on, without a restart", async () => {
  await using service = await createRedisDatabase();
  const { port, pathname } = new URL(service.url);
  await using way = createWay(Number(port));
  const at = await way.open();
  const url = `redis://127.0.0.1:${at}${pathname}`;
  await using calls = await open(url);
  const money = { ...charge, bucket: "money", isMoney: true };
  expect(await calls.charge(money)).toMatchObject({ limit: 8, remaining: 7 });
  await way.cut();
  await expect(calls.charge(money)).rejects.toMatchObject({ code: "ledger_unavailable" });
  expect(await calls.charge({ ...money, isMoney: false })).toMatchObject({ limit: 2 });
  await way.open(at);
  await vi.waitFor(
    async () => expect(await calls.charge(money)).toMatchObject({ limit: 8, remaining: 6 }),
    { timeout: 10_000, interval: 50 },
  );
});

test("a Redis that takes connections and says nothing is lost too, and no call waits for it for long", async () => {
  await using way = createWay();
  const url = `redis://127.0.0.1:${await way.open()}`;
  await using calls = await open(url);
  await expect(calls.charge({ ...charge, isMoney: true })).rejects.toMatchObject({
    code: "ledger_unavailable",
  });
});

test("with Redis all is counted there, by its own clock, for every replica together", async () => {
  await using service = await createRedisDatabase();
  // Their clocks differ, and it does not matter.
  await using one = await open(service.url, createMovedClock(1_000));
  await using other = await open(service.url, createMovedClock(9_000_000));
  for (let call = 1; call <= 8; call += 1)
    await (call % 2 ? one : other).charge({ ...charge, isMoney: true });
  const refused = await one.charge({ ...charge, isMoney: true });
  expect(refused).toMatchObject({ isAllowed: false, isFirstRefusal: true });
  expect(refused.resetMs).toBeGreaterThan(0);
  expect(refused.resetMs).toBeLessThanOrEqual(60_000);
  expect(await other.charge({ ...charge, isMoney: true })).toMatchObject({ isFirstRefusal: false });
});
