/** A Redis that was made a replica while somebody was connected to it. */
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
