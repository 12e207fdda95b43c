/** The one way to Redis. Nobody waits for it for long: what is not answered soon is done without it. */
import { Redis, type RedisOptions } from "ioredis";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../host/log.ts";
import { redisWay } from "./verified-tls.ts";

/** A call waits for an answer: rather than longer than this, Redis counts as lost. */
const answerMs = 500;
/** The connection itself is given up later: timers run before what has arrived is read, and this process may be busy. */
const silenceMs = 2_000;
/** Connections are tried every two seconds, and who reads the log wants to read something else too. */
const tellAgainMs = 60_000;

type OwnOptions = Pick<
  RedisOptions,
  "scripts" | "lazyConnect" | "commandTimeout" | "retryStrategy"
>;

/**
 * Connects, and again whenever the connection is lost; until then each command fails at once.
 * @param own what this connection needs besides
 */
export type ConnectRedis = (own?: OwnOptions) => Redis;

export interface RedisParts {
  url: string;
  clock: Clock;
  log: Log;
}

/** The way to one Redis, for as many connections as are needed. */
export function redisAt({ url: text, clock, log }: RedisParts): ConnectRedis {
  const { url, ...tls } = redisWay(text);
  const watch = createWatch(clock, log);
  return (own = {}) => {
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
    watch(redis);
    return redis;
  };
}

const lostText =
  "Redis does not answer: leases and limits go on without it, in this process alone. " +
  "Nodes are found, tickets, joins and gifts wait, all else gets a quarter of its rate";

/** Tells once for all connections that Redis is lost, each minute that it still is, and once that it is back. */
function createWatch(clock: Clock, log: Log): (redis: Redis) => void {
  const lost = new Set<Redis>();
  let toldAt: number | undefined;
  return (redis) => {
    redis.on("error", (error: NodeJS.ErrnoException) => {
      lost.add(redis);
      const now = clock.monotonic();
      if (toldAt !== undefined && now - toldAt < tellAgainMs) return;
      toldAt = now;
      // One for several addresses has no message of its own.
      log.warn({ reason: error.message || error.code }, lostText);
    });
    redis.on("end", () => lost.delete(redis));
    redis.on("ready", () => {
      lost.delete(redis);
      if (toldAt === undefined || lost.size > 0) return;
      toldAt = undefined;
      log.warn("Redis answers again");
    });
  };
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
