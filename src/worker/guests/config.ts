/** Settings about whom the owner lends to: read from the environment and flags. */
import { z } from "zod";
import { type Environment, readSettings } from "../../host/env.ts";
import { audiences, type GuestSettings } from "./settings.ts";

const microPerCredit = 1_000_000n;

const settings = z.object({
  LEND_TO: z.enum(audiences).default("all"),
  REQUESTER_STREAMS: z.coerce.number().int().min(1).max(1_024).optional(),
  REQUESTER_DAILY_CREDITS: z.coerce.number().int().min(1).max(1_000_000_000).optional(),
});

/** @throws TroopError `configuration_invalid` */
export function readGuestSettings(
  environment: Environment,
  overrides: Partial<GuestSettings> = {},
): GuestSettings {
  const read = readSettings(environment, settings);
  const credits = read.REQUESTER_DAILY_CREDITS;
  return {
    lendTo: read.LEND_TO,
    streamsMost: read.REQUESTER_STREAMS,
    dailyMost: credits === undefined ? undefined : BigInt(credits) * microPerCredit,
    ...overrides,
  };
}
