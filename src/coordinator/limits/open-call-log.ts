/** Where a coordinator counts calls: in Redis where it has one, with this process standing in for it; else here. */
import type { Clock } from "../../base/clock.ts";
import type { ConnectRedis } from "../redis-connection.ts";
import { createMemoryCallLog } from "./call-log.ts";
import { createRedisCallLog } from "./redis-call-log.ts";
import { withStandby, type GuardedCallLog } from "./standby.ts";

export async function openCallLog(
  connect: ConnectRedis | undefined,
  clock: Clock,
): Promise<GuardedCallLog> {
  const local = createMemoryCallLog(clock);
  if (!connect) return local;
  return withStandby(await createRedisCallLog({ connect, prefix: "troop:" }), local);
}
