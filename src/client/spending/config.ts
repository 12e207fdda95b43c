/** Settings about how much may be spent: read from the environment. */
import { z } from "zod";
import { type Environment, readSettings } from "../../host/env.ts";
import { type Micro, readCredits } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Caps } from "./caps.ts";

const complaint = (text: string) => `"${text}" is no amount of credits, such as 50 or 0.5`;

const credits = z.string().transform((text, context) => {
  const amount = readCredits(text);
  if (amount === undefined) context.addIssue(complaint(text));
  return amount ?? z.NEVER;
});

const settings = z.object({
  SPEND_HOURLY: credits.optional(),
  SPEND_DAILY: credits.optional(),
});

/** @throws TroopError `configuration_invalid` naming the setting */
export function readCaps(environment: Environment, overrides: Partial<Caps> = {}): Caps {
  const read = readSettings(environment, settings);
  return {
    hourly: overrides.hourly ?? read.SPEND_HOURLY,
    daily: overrides.daily ?? read.SPEND_DAILY,
  };
}

/** As a flag takes it; undefined where it was not given. @throws TroopError `usage` */
export function readCapFlag(text: string | undefined, flag: string): Micro | undefined {
  if (text === undefined) return undefined;
  const amount = readCredits(text);
  if (amount === undefined) throw new TroopError("usage", `${flag}: ${complaint(text)}.`);
  return amount;
}
