/** The one way to Redis. Nobody waits for it for long: what is not answered soon is done without it. */
import { Redis, type RedisOptions } from "ioredis";
import type { Log } from "../host/log.ts";
import { redisWay } from "./verified-tls.ts";

/** A call waits for an answer: rather than longer than this, Redis counts as lost. */
const answerMs = 500;
/** The connection itself is given up later: timers run before what has arrived is read, and this process may be busy. */
const silenceMs = 2_000;

type OwnOptions = Pick<
  RedisOptions,
  "scripts" | "lazyConnect" | "commandTimeout" | "retryStrategy"
>;

/**
 * Connects, and again whenever the connection is lost; until then each command fails at once.
 * @param own what this connection needs besides
 */
export function connectRedis(text: string, log: Log, own: OwnOptions = {}): Redis {
  const { url, ...tls } = redisWay(text);
  const redis = new Redis(url, {
    ...tls,
    ...{ socketTimeout: silenceMs, commandTimeout: answerMs, connectTimeout: answerMs },
    maxRetriesPerRequest: 0,
    // A primary that became a replica may keep its connections: whoever comes anew is led to the one there is now.
    reconnectOnError: ({ message }) => message.includes("READONLY"),
    ...{ enableOfflineQueue: false, enableAutoPipelining: true },
    ...own,
  });
  redis.on("error", (error: Error) => log.warn({ reason: error.message }, "Redis does not answer"));
  return redis;
}
