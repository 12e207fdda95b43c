/** Calls counted in Redis, for all replicas of a coordinator together, by one script: one round trip a call. */
import type { Result } from "ioredis";
import type { ConnectRedis } from "../redis-connection.ts";
import type { CallLog } from "./call-log.ts";

// The times of the calls, oldest first, in a list: compact, and both ends are at hand. Redis' own clock is read, since
// replicas' differ: one that is ahead would let others' calls leave the window early. Where that clock is set back,
// calls count for longer and never for less long. Each command of a script is a tenth of a round trip, so that the usual
// call has three: no length is asked for, and the key's expiry, two windows ahead, is moved only when a call leaves.
const chargeScript = `
local now = tonumber(ARGV[3])
if not now then
  local time = redis.call('time')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local used = redis.call('rpush', KEYS[1], now)
local oldest = used == 1 and now or tonumber(redis.call('lindex', KEYS[1], 0))
if used == 1 or oldest <= now - window then redis.call('pexpire', KEYS[1], 2 * window) end
while oldest <= now - window do
  redis.call('lpop', KEYS[1])
  used = used - 1
  oldest = tonumber(redis.call('lindex', KEYS[1], 0))
end
if used <= limit then return {1, limit - used, oldest + window - now, 0} end
redis.call('rpop', KEYS[1])
local first = 0
local refused = tonumber(redis.call('get', KEYS[2]))
if not refused or refused <= now - window then
  redis.call('set', KEYS[2], now, 'px', window)
  first = 1
end
if used - 1 > limit then oldest = tonumber(redis.call('lindex', KEYS[1], used - 1 - limit)) end
return {0, 0, oldest + window - now, first}`;

declare module "ioredis" {
  interface RedisCommander<Context> {
    /** @param now ms, or empty for Redis' own time */
    chargeCall(
      log: string,
      refusal: string,
      limit: number,
      windowMs: number,
      now: number | string,
    ): Result<[isAllowed: number, remaining: number, resetMs: number, isFirst: number], Context>;
  }
}

export interface RedisCallLogOptions {
  connect: ConnectRedis;
  /** Begins every key, so that one Redis can serve several coordinators. */
  prefix: string;
  /** Instead of Redis' own clock. */
  now?: () => number;
}

/** Resolves when Redis is there, or is known not to be. */
export async function createRedisCallLog(options: RedisCallLogOptions): Promise<CallLog> {
  const { connect, prefix, now } = options;
  const redis = connect({
    scripts: { chargeCall: { lua: chargeScript, numberOfKeys: 2 } },
  });
  await new Promise<void>((resolve) => {
    redis.once("ready", resolve).once("close", resolve);
  });
  return {
    charge({ bucket, limit, windowMs }) {
      // The braces keep both on one shard.
      const key = `${prefix}calls:{${bucket}}`;
      return redis
        .chargeCall(key, `${key}:refused`, limit, windowMs, now?.() ?? "")
        .then(([isAllowed, remaining, resetMs, isFirst]) => ({
          isAllowed: isAllowed === 1,
          limit,
          remaining,
          resetMs,
          isFirstRefusal: isFirst === 1,
        }));
    },
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
    },
  };
}
