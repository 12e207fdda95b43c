/**
 * Leases in Redis, shared by all replicas of a coordinator, and a view of them in each one's memory, from which it reads.
 *
 *   beat ──▶ view ──script: a newer beat? lease, snapshot, stream──▶ Redis ══stream══▶ views of the other replicas
 *
 * Without Redis each replica goes on with its view and the beats that it takes in itself. Redis may come back empty: each
 * beat from then on brings its lease back, and the first of each node its snapshot.
 */
import type { Result } from "ioredis";
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import type { NodeSnapshot } from "../../protocol/node.ts";
import type { ConnectRedis } from "../redis-connection.ts";
import { isNewer, type HeldLease, type Lease } from "./lease.ts";
import { followLeases } from "./lease-stream.ts";
import type { Leases } from "./leases.ts";
import { mostNodes } from "./memory-leases.ts";
import {
  keptMs,
  namesOf,
  readLease,
  readSnapshot,
  writeLease,
  writeSnapshot,
} from "./redis-texts.ts";

/** Other replicas may have had a node's beats while nothing was heard of them: so much longer it is offered here. */
const graceMs = 3 * 60_000;
/** From when Redis is back until every node has beaten again. */
const settlingMs = 30_000;
/** A replica that is further behind misses some, and hears of those nodes with their next beats. */
const streamLength = 20_000;

// Beats are ordered here, and nowhere else: of two, whichever replica takes them in, the later stays. The lease and what
// tells the others of it are written together. Redis may have evicted the snapshot meanwhile.
const writeScript = `
local held = redis.call('get', KEYS[1])
if held then
  local started, counter = string.match(held, '^(%d+)%.(%d+) ')
  started, counter = tonumber(started), tonumber(counter)
  local ours = tonumber(ARGV[1])
  if started > ours or (started == ours and counter >= tonumber(ARGV[2])) then return {held, 0} end
end
local kept = 1
redis.call('set', KEYS[1], ARGV[3], 'px', ARGV[5])
if ARGV[4] ~= '' then redis.call('set', KEYS[2], ARGV[4], 'px', ARGV[5])
else kept = redis.call('pexpire', KEYS[2], ARGV[5]) end
redis.call('zadd', KEYS[3], ARGV[7], ARGV[6])
redis.call('zremrangebyscore', KEYS[3], '-inf', ARGV[7] - ARGV[5])
redis.call('xadd', KEYS[4], 'maxlen', '~', ARGV[8], '*', ARGV[6], ARGV[3])
return {false, kept}`;

declare module "ioredis" {
  interface RedisCommander<Context> {
    /** @returns the lease that is not older, where there is one, and whether Redis has the snapshot */
    writeLease(
      ...keysThenTexts: [lease: string, snapshot: string, live: string, stream: string, ...string[]]
    ): Result<[newer: string | null, hasSnapshot: number], Context>;
  }
}

export interface RedisLeasesOptions {
  connect: ConnectRedis;
  /** Begins every key, so that one Redis can serve several coordinators. */
  prefix: string;
  clock: Clock;
  random: Random;
  log: Log;
  /** What other replicas hear is not heard of here just now: told again and again until it is. */
  onDeaf?: () => void;
}

/** What this replica knows of a node. */
interface Known {
  lease: Lease;
  snapshot: NodeSnapshot | undefined;
  /** Of that snapshot. */
  snapshotId: string | undefined;
  /** The connection over which Redis was last seen to have the snapshot. */
  connection: number;
}

/** Resolves when what is in Redis is known here, or Redis is known not to be there. */
export async function openRedisLeases(options: RedisLeasesOptions): Promise<Leases> {
  const { connect, prefix, clock, log, onDeaf } = options;
  const names = namesOf(prefix);
  const redis = connect({
    scripts: { writeLease: { lua: writeScript, numberOfKeys: 4 } },
  });
  let connection = 0;
  redis.on("ready", () => (connection += 1));
  const view = boundedMap<string, Known>(mostNodes);
  /** Until then a lease that has ended since nothing was heard any more counts a while longer. */
  let patientUntil = 0;
  let lostAt = 0;

  const isLater = ({ lease }: Known) => {
    const known = view.get(lease.node);
    return !known || isNewer(lease, known.lease);
  };

  const prolonged = ({ lease, snapshot }: HeldLease): HeldLease =>
    lease.endsAt > lostAt
      ? { lease: { ...lease, endsAt: lease.endsAt + graceMs }, snapshot }
      : { lease, snapshot };

  /** Takes in what Redis has of some nodes. */
  async function takeIn(texts: readonly string[]): Promise<void> {
    const heard = texts.map(readLease).map((lease): Known => {
      const { snapshot, snapshotId, connection = 0 } = view.get(lease.node) ?? {};
      return { lease, snapshot, snapshotId, connection };
    });
    const later = heard.filter(isLater);
    const lacking = later.filter(
      ({ lease, snapshotId }) => lease.heldSnapshotId && lease.heldSnapshotId !== snapshotId,
    );
    const snapshots =
      lacking.length > 0
        ? await redis.mget(lacking.map(({ lease }) => names.snapshot(lease.node)))
        : [];
    for (const [index, text] of snapshots.entries())
      if (text) Object.assign(lacking[index]!, { ...readSnapshot(text), connection });
    // Meanwhile a beat may have come in here.
    for (const known of later) if (isLater(known)) view.set(known.lease.node, known);
  }

  /** Tells Redis, if it is there, and returns the lease that it holds instead, if it does. */
  async function share(known: Known): Promise<string | null> {
    const { lease, snapshot, snapshotId } = known;
    const { node, started, counter, endsAt } = lease;
    const toldAnew =
      known.connection !== connection && snapshotId === lease.heldSnapshotId && snapshot;
    try {
      const [newer, hasSnapshot] = await redis.writeLease(
        ...[names.lease(node), names.snapshot(node), names.live, names.stream],
        ...[String(started), String(counter), writeLease(lease)],
        toldAnew ? writeSnapshot(snapshotId!, toldAnew) : "",
        ...[String(keptMs), node, String(endsAt), String(streamLength)],
      );
      known.connection = hasSnapshot ? connection : 0;
      return newer;
    } catch (error) {
      // Of the error its message alone: it holds the whole command, and so all that a node has told.
      log.debug({ reason: (error as Error).message, node }, "a beat was taken in without Redis");
      known.connection = 0;
      return null;
    }
  }

  const following = await followLeases({
    ...options,
    takeIn,
    isKnown: (node, text) => {
      const { started, counter } = view.get(node)?.lease ?? {};
      return text.startsWith(`${started}.${counter} `);
    },
    onLost: () => {
      const now = clock.now();
      if (now >= patientUntil) lostAt = now;
      patientUntil = Infinity;
      onDeaf?.();
    },
    onFollowing: () => {
      if (patientUntil === Infinity) patientUntil = clock.now() + settlingMs;
    },
  });

  return {
    async read(node) {
      if (!view.get(node) && redis.status === "ready") {
        const text = await redis.get(names.lease(node)).catch(() => null);
        if (text !== null) await takeIn([text]).catch(() => undefined);
      }
      const known = view.get(node);
      return known && heldOf(known).lease;
    },
    async write(next, snapshot) {
      const before = view.get(next.node);
      const known: Known = snapshot
        ? { lease: next, snapshot, snapshotId: next.snapshotId, connection: 0 }
        : { snapshot: undefined, snapshotId: undefined, connection: 0, ...before, lease: next };
      const newer = await share(known);
      if (newer) {
        await takeIn([newer]).catch(() => undefined);
        return readLease(newer);
      }
      const held = view.get(next.node)?.lease;
      if (held && isNewer(held, next)) return held;
      // The stream may have brought this one back already, without all that is known here.
      view.set(next.node, known);
      return next;
    },
    async live(now) {
      const all = [...view.values()].map(heldOf);
      const counted = now < patientUntil ? all.map(prolonged) : all;
      return counted.filter(({ lease }) => lease.endsAt > now);
    },
    async [Symbol.asyncDispose]() {
      await following[Symbol.asyncDispose]();
      redis.disconnect();
    },
  };
}

/** A lease that speaks of a snapshot which is not held here makes the coordinator ask for it again. */
const heldOf = ({ lease, snapshot, snapshotId }: Known): HeldLease =>
  lease.heldSnapshotId === null || lease.heldSnapshotId === snapshotId
    ? { lease, snapshot }
    : { lease: { ...lease, heldSnapshotId: null }, snapshot: undefined };
