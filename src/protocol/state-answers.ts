/** What a coordinator says of its own state: to whoever sends it calls, and to the public. */
import { z } from "zod";
import { creditsText } from "./credits.ts";

export const unreadyReasons = [
  "stopping",
  "database_unreachable",
  "migrations_pending",
  "redis_unreachable",
] as const;
export type UnreadyReason = (typeof unreadyReasons)[number];

/** `GET /health/ready`. `degraded`: it takes calls, and some of them are refused until Redis is back. */
export const readyAnswer = z.object({
  status: z.enum(["ready", "degraded", "not_ready"]),
  reasons: z.array(z.enum(unreadyReasons)),
});
export type ReadyAnswer = z.infer<typeof readyAnswer>;

const count = z.int().nonnegative();

/** `GET /stats`. Null where so few people stand behind a figure that it could tell what one of them does. */
export const statsAnswer = z.object({
  /** Alive now, whatever they do. */
  nodes: count,
  /** Names of models that are offered now. */
  models: count,
  /** Since midnight UTC, in whole tens. */
  requests_today: count.nullable(),
  /** On accounts of people, what vests included, in whole credits. */
  credits_circulating: creditsText.nullable(),
  /** When this was counted, ms UTC. */
  as_of: count,
});
export type StatsAnswer = z.infer<typeof statsAnswer>;
