/** Whom the owner lends to, and how much. `config.ts` reads it. */
import type { Micro } from "../../protocol/credits.ts";

/** `troop`: one's own and one's troops'. There are no troops yet, so it is `own` until there are. */
export const audiences = ["own", "troop", "all"] as const;
export type Audience = (typeof audiences)[number];

export interface GuestSettings {
  lendTo: Audience;
  /** Requests of one requester at once. */
  streamsMost: number | undefined;
  /** What one requester may spend here within a day. */
  dailyMost: Micro | undefined;
}
