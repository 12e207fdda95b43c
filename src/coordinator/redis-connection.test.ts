/** One Redis: what goes out together, and what becomes of writes once it was made a replica. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { startRedis } from "../../tools/services/redis.ts";
import { createLog } from "../host/log.ts";
import { connectRedis } from "./redis-connection.ts";

test.each(["plain", "of a script"])(
  "a write that a replica refuses, %s, connects anew",
  async (kind) => {
    await using service = await startRedis();
    const redis = connectRedis(service.url, createLog("silent"));
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
  const redis = connectRedis(service.url, createLog("silent"));
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
