/** One Redis: what goes out together, what becomes of writes once it was made a replica, and who hears that it is lost. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { startRedis } from "../../tools/services/redis.ts";
import { systemClock } from "../base/clock.ts";
import { createLog } from "../host/log.ts";
import { createMovedClock } from "./clock.fixture.ts";
import { redisAt } from "./redis-connection.ts";
import { createWay } from "./way.fixture.ts";

const parts = { clock: systemClock, log: createLog("silent") };

test.each(["plain", "of a script"])(
  "a write that a replica refuses, %s, connects anew",
  async (kind) => {
    await using service = await startRedis();
    const redis = redisAt({ ...parts, url: service.url })();
    await once(redis, "ready");
    const write = () =>
      kind === "plain" ? redis.set("a", "b") : redis.eval("return redis.call('set', 'a', 'b')", 0);
    await redis.replicaof("127.0.0.1", "1");
    const again = once(redis, "ready");
    await expect(write()).rejects.toThrow("READONLY");
    await again;
    await redis.replicaof("NO", "ONE");
    expect(await write()).toBe("OK");
    redis.disconnect();
  },
);

test("what is asked within one turn is one write, and answered in its order", async () => {
  await using service = await startRedis();
  const redis = redisAt({ ...parts, url: service.url })();
  await once(redis, "ready");
  const readsOf = async () =>
    Number(/total_reads_processed:(\d+)/.exec(await redis.info("stats"))?.[1]);
  const before = await readsOf();
  const words = Array.from({ length: 50 }, (_, index) => String(index));
  expect(await Promise.all(words.map((word) => redis.echo(word)))).toEqual(words);
  // The commands, and the question itself.
  expect(await readsOf()).toBe(before + 2);
  redis.disconnect();
});

test("that it is lost is told once for all connections, and again each minute; that it is back once all are", async () => {
  await using service = await startRedis();
  await using way = createWay(Number(new URL(service.url).port));
  const at = await way.open();
  const told: string[] = [];
  const log = createLog("warn", { write: (line) => told.push(JSON.parse(line).msg) });
  const clock = createMovedClock();
  const connect = redisAt({ url: `redis://127.0.0.1:${at}`, clock, log });
  const steady = connect();
  const slow = connect({ retryStrategy: (tries) => (tries === 1 ? 1 : 3_600_000) });
  await Promise.all([once(steady, "ready"), once(slow, "ready")]);
  const lost = expect.stringMatching(/^Redis does not answer: leases and limits go on without it/);

  const isLost = [steady, slow].map((redis) => once(redis, "error"));
  await way.cut();
  await Promise.all(isLost);
  await once(steady, "error");
  clock.advance(59_999);
  await once(steady, "error");
  expect(told).toEqual([lost]);
  clock.advance(1);
  await once(steady, "error");
  expect(told).toEqual([lost, lost]);

  const isBack = once(steady, "ready");
  await way.open(at);
  await isBack;
  expect(told).toEqual([lost, lost]);
  await slow.connect();
  expect(told).toEqual([lost, lost, "Redis answers again"]);
  for (const redis of [steady, slow]) redis.disconnect();
});
