/** Hears of every lease that any replica writes: first of those that are there, then of each as it comes. */
import type { Redis } from "ioredis";
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import type { ConnectRedis } from "../redis-connection.ts";
import { namesOf } from "./redis-texts.ts";

export interface LeaseStreamOptions {
  connect: ConnectRedis;
  prefix: string;
  clock: Clock;
  random: Random;
  log: Log;
  takeIn: (texts: readonly string[]) => Promise<void>;
  /** Most of what is in the stream may be of this replica itself; it is not read again. */
  isKnown: (node: string, text: string) => boolean;
  onFollowing: () => void;
  onLost: () => void;
}

/** The longest silence on the connection; one of twice that is a Redis that is lost. */
const silenceMs = 1_000;
const lostMs = 2_000;
const pageSize = 1_000;
const backoff = { firstMs: 100, ceilingMs: 2_000 };

/** Resolves when all that is there has been heard of, or Redis is known not to be there. Goes on until disposed. */
export async function followLeases(options: LeaseStreamOptions): Promise<AsyncDisposable> {
  const { connect, prefix, clock, random, log, takeIn, isKnown, onFollowing, onLost } = options;
  const names = namesOf(prefix);
  const stop = new AbortController();
  const first = Promise.withResolvers<void>();

  async function readAll(redis: Redis): Promise<void> {
    const nodes = await redis.zrangebyscore(names.live, `(${clock.now()}`, "+inf");
    for (let at = 0; at < nodes.length; at += pageSize) {
      const texts = await redis.mget(nodes.slice(at, at + pageSize).map(names.lease));
      await takeIn(texts.filter((text) => text !== null));
    }
  }

  /** For as long as one connection lasts. */
  async function follow(redis: Redis): Promise<never> {
    await redis.connect();
    // Whatever is written from here on is in the stream; what was before is read below. Nothing is between.
    let after = (await redis.xrevrange(names.stream, "+", "-", "COUNT", 1))[0]?.[0] ?? "0-0";
    await readAll(redis);
    onFollowing();
    first.resolve();
    for (;;) {
      const how = ["COUNT", pageSize, "BLOCK", silenceMs, "STREAMS"] as const;
      const [read] = (await redis.xread(...how, names.stream, after)) ?? [];
      const entries = read?.[1] ?? [];
      after = entries.at(-1)?.[0] ?? after;
      const news = entries.filter(([, [node = "", text = ""]]) => !isKnown(node, text));
      await takeIn(news.map(([, [, text = ""]]) => text));
    }
  }

  const loop = startLoop({
    ...{ clock, random, signal: stop.signal, backoff },
    onFailure: (error) => {
      log.debug({ err: error }, "the other replicas' beats are not heard of");
      first.resolve();
    },
    round: async (signal) => {
      const own = { lazyConnect: true, commandTimeout: lostMs, retryStrategy: () => null };
      const redis = connect(own);
      const end = () => redis.disconnect();
      signal.addEventListener("abort", end);
      try {
        return await follow(redis);
      } finally {
        signal.removeEventListener("abort", end);
        end();
        onLost();
      }
    },
  });
  await first.promise;
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await loop.ended;
    },
  };
}
