/** Where a coordinator counts calls: in Redis where it has one, with this process standing in for it; else here. */
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../host/log.ts";
import { createMemoryCallLog } from "./call-log.ts";
import { createRedisCallLog } from "./redis-call-log.ts";
import { withStandby, type GuardedCallLog } from "./standby.ts";

export async function openCallLog(
  redisUrl: string | undefined,
  { clock, log }: { clock: Clock; log: Log },
): Promise<GuardedCallLog> {
  const local = createMemoryCallLog(clock);
  if (redisUrl === undefined) return local;
  return withStandby(await createRedisCallLog({ url: redisUrl, prefix: "troop:", log }), local);
}
