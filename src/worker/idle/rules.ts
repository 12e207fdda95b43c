/** The owner's rules: which of them says, at this moment, that the machine is theirs. Pure. */
import { type LocalTime, isOwnersTime } from "./schedule.ts";
import type { Reason } from "./presence.ts";
import { firstRunning } from "./programs.ts";
import type { Reading } from "./reading.ts";
import type { OwnerSettings } from "./settings.ts";

export interface Facts {
  time: LocalTime;
  reading: Reading | undefined;
  isOnBattery: boolean | undefined;
  programs: readonly string[] | undefined;
  /** The machine rests already because it was too hot. */
  isResting: boolean;
}

export interface Rule {
  reason: Exclude<Reason, "load">;
  /** For the owner's eyes. */
  detail: string;
}

/** A machine that was too hot rests until it is this much cooler, °C. */
const coolingDegrees = 5;

export function ruleThatHolds(settings: OwnerSettings, facts: Facts): Rule | undefined {
  const { programs = [], isOnBattery, reading, isResting, time } = facts;
  const program = firstRunning(settings.programs, programs);
  if (program !== undefined) return { reason: "program", detail: `${program} runs` };
  if (isOwnersTime(settings.schedule, time) === true)
    return { reason: "schedule", detail: "the hours are yours by OWNER_SCHEDULE" };
  if (!settings.isWatched) return undefined;
  if (isOnBattery === true && !settings.isBatteryAllowed)
    return { reason: "battery", detail: "the machine runs on its battery" };
  const hottest = Math.max(
    0,
    ...(reading?.devices ?? []).map(({ temperature = 0 }) => temperature),
  );
  const cap = (settings.temperatureCap ?? Infinity) - (isResting ? coolingDegrees : 0);
  if (hottest < cap) return undefined;
  return { reason: "temperature", detail: `a GPU is at ${Math.round(hottest)} °C` };
}
