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
    enableOfflineQueue: false,
    ...own,
  });
  writeTogether(redis);
  redis.on("error", (error: Error) => log.warn({ reason: error.message }, "Redis does not answer"));
  return redis;
}

/**
 * What is asked within one turn of the event loop goes out in one write. The driver's `enableAutoPipelining` would do
 * that too, but each of its pipelines defines a property of its own, so that V8 makes it a hidden class, which lives in
 * the old generation and holds the pipeline, its commands and whatever waits for them: 5 KB of a heartbeat, until all
 * is collected.
 */
function writeTogether(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (...words) => {
    // There is none until it connects.
    const { stream } = redis as Partial<Redis>;
    if (stream?.writableCorked === 0) {
      stream.cork();
      setImmediate(() => stream.uncork());
    }
    return send(...words);
  };
}
