/** Leases in Redis, shared by all replicas of a coordinator. They are rebuilt from the next beats where Redis forgets. */
import { Redis } from "ioredis";
import { boundedMap } from "../../base/bounded-map.ts";
import type { Log } from "../../host/log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { NodeSnapshot } from "../../protocol/node.ts";
import { isLive, type HeldLease, type Lease } from "./lease.ts";
import type { Leases } from "./leases.ts";

/** Long after a lease's end its order of beats still counts, so that no old beat revives the node. */
const keepMs = 10 * 60_000;
/** Nodes whose lease and snapshot are remembered here, so that a listing fetches only what changed. */
const rememberedNodes = 50_000;
const retryAfterMs = 5_000;

// Compare and set: of two beats that saw the same lease one wins, the other looks again.
const replaceScript = `
local held = redis.call('get', KEYS[1]) or ''
if (string.match(held, '^[^ ]*') or '') ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[4])
if ARGV[3] ~= '' then redis.call('set', KEYS[2], ARGV[3], 'px', ARGV[4])
else redis.call('pexpire', KEYS[2], ARGV[4]) end
redis.call('zadd', KEYS[3], ARGV[5], ARGV[6])
return 1`;

export interface RedisLeasesOptions {
  url: string;
  /** Begins every key, so that one Redis can serve several coordinators. */
  prefix: string;
  log: Log;
}

export function createRedisLeases({ url, prefix, log }: RedisLeasesOptions): Leases {
  const redis = new Redis(url, { maxRetriesPerRequest: 2, enableAutoPipelining: true });
  redis.on("error", (error: Error) => log.warn({ reason: error.message }, "Redis does not answer"));
  const leaseKey = (node: string) => `${prefix}lease:${node}`;
  const snapshotKey = (node: string) => `${prefix}snapshot:${node}`;
  const liveKey = `${prefix}live`;
  const remembered = boundedMap<string, HeldLease>(rememberedNodes);

  const readLease = async (node: string): Promise<Lease | undefined> => {
    const [text, snapshots] = await Promise.all([
      redis.get(leaseKey(node)),
      redis.exists(snapshotKey(node)),
    ]);
    return text === null ? undefined : leaseOf(text, snapshots > 0);
  };

  /** Fetches a lease, and its snapshot unless the one it speaks of is remembered. */
  const readHeld = async (node: string): Promise<HeldLease | undefined> => {
    const lease = await readLease(node);
    if (!lease) return undefined;
    const known = remembered.get(node);
    const isKnown = known?.snapshot && known.lease.heldSnapshotId === lease.heldSnapshotId;
    const text = isKnown ? null : await redis.get(snapshotKey(node));
    const snapshot = text === null ? known?.snapshot : (JSON.parse(text) as NodeSnapshot);
    const held = { lease, snapshot };
    remembered.set(node, held);
    return held;
  };

  return {
    read: (node) => reachingRedis(() => readLease(node)),
    find: (node) => reachingRedis(() => readHeld(node)),
    replace: (previous, next, snapshot) =>
      reachingRedis(async () => {
        const isReplaced = await redis.eval(
          replaceScript,
          3,
          leaseKey(next.node),
          snapshotKey(next.node),
          liveKey,
          previous ? versionOf(previous) : "",
          `${versionOf(next)} ${JSON.stringify(next)}`,
          snapshot ? JSON.stringify(snapshot) : "",
          keepMs,
          next.endsAt,
          next.node,
        );
        // Two beats within a millisecond end alike, and `live` tells leases apart by their ends.
        remembered.delete(next.node);
        return isReplaced === 1;
      }),
    live: (now) =>
      reachingRedis(async () => {
        await redis.zremrangebyscore(liveKey, "-inf", now - keepMs);
        const listed = await redis.zrangebyscore(liveKey, `(${now}`, "+inf", "WITHSCORES");
        const held = await Promise.all(
          endsByNode(listed).map(async ([node, endsAt]) => {
            const known = remembered.get(node);
            return known?.lease.endsAt === endsAt ? known : readHeld(node);
          }),
        );
        return held
          .filter((found) => found !== undefined)
          .filter(({ lease }) => isLive(lease, now));
      }),
    [Symbol.asyncDispose]: async () => {
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}

const versionOf = ({ started, counter }: Lease): string => `${started}.${counter}`;

/** What this program wrote. A snapshot that Redis forgot makes the coordinator ask for it again. */
function leaseOf(text: string, isSnapshotHeld: boolean): Lease {
  const lease = JSON.parse(text.slice(text.indexOf(" "))) as Lease;
  return isSnapshotHeld ? lease : { ...lease, heldSnapshotId: null };
}

/** From Redis' flat list of members and scores. */
function endsByNode(flat: readonly string[]): [node: string, endsAt: number][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    flat[2 * index]!,
    Number(flat[2 * index + 1]),
  ]);
}

async function reachingRedis<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new TroopError("no_nodes_available", "The list of nodes cannot be reached.", {
      retryAfterMs,
      cause: error,
    });
  }
}
