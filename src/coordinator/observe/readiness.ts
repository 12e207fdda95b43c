/**
 * Whether calls should be sent here, and if not, why. Without Redis a coordinator goes on with less; were it taken out
 * for that, all of them would be, at once. Being the leader of jobs takes no part in it.
 */
import { type Clock, sleep } from "../../base/clock.ts";
import { remembered } from "../../host/observe/metrics.ts";
import type { ReadyAnswer, UnreadyReason } from "../../protocol/state-answers.ts";
import { runUntil } from "../call-scope.ts";
import { type Database } from "../database.ts";
import { pendingMigrations } from "../migrations/migrate.ts";
import type { ConnectRedis } from "../redis-connection.ts";

export interface ReadinessParts {
  clock: Clock;
  database: Database;
  /** Undefined where there is no Redis. */
  connectRedis: ConnectRedis | undefined;
  isStopping: () => boolean;
}

export interface Readiness extends Disposable {
  read(): Promise<ReadyAnswer>;
}

/** Anybody may ask, and nobody pays for it: the database is asked once a second at most. */
const keptMs = 1_000;
const patienceMs = 2_000;

export function createReadiness(parts: ReadinessParts): Readiness {
  const { clock, database, connectRedis, isStopping } = parts;
  const redis = connectRedis?.();

  async function ofDatabase(): Promise<UnreadyReason[]> {
    const pending = pendingMigrations(database).then(
      (names): UnreadyReason[] => (names.length > 0 ? ["migrations_pending"] : []),
      (): UnreadyReason[] => ["database_unreachable"],
    );
    const late = sleep(clock, patienceMs).then((): UnreadyReason[] => ["database_unreachable"]);
    return Promise.race([pending, late]);
  }
  // It may answer and yet take nothing in.
  const ofRedis = async (): Promise<UnreadyReason[]> =>
    redis
      ? redis.set("troop:ready", "", "PX", keptMs).then(
          () => [],
          () => ["redis_unreachable"],
        )
      : [];
  const look = remembered(clock, keptMs, () =>
    runUntil(new AbortController().signal, async () =>
      (await Promise.all([ofDatabase(), ofRedis()])).flat(),
    ),
  );
  return {
    async read() {
      const reasons: UnreadyReason[] = [
        ...(isStopping() ? (["stopping"] as const) : []),
        ...(await look()),
      ];
      return { status: statusFor(reasons), reasons };
    },
    [Symbol.dispose]() {
      redis?.disconnect();
    },
  };
}

export function statusFor(reasons: readonly UnreadyReason[]): ReadyAnswer["status"] {
  if (reasons.some((reason) => reason !== "redis_unreachable")) return "not_ready";
  return reasons.length > 0 ? "degraded" : "ready";
}
