/** The owner's settings: read from the environment and flags. */
import { z } from "zod";
import { type Environment, readSettings } from "../../host/env.ts";
import { readSchedule } from "./schedule.ts";
import { type OwnerSettings, yields } from "./settings.ts";

const gibibyte = 1_024 ** 3;

const settings = z.object({
  OWNER_WATCH: z.enum(["auto", "off"]).default("auto"),
  OWNER_YIELD: z.enum(yields).default("stop"),
  OWNER_SCHEDULE: z.string().default(""),
  OWNER_BATTERY: z.enum(["off", "on"]).default("off"),
  OWNER_TEMPERATURE_CAP: z.coerce.number().min(30).max(120).optional(),
  OWNER_VRAM_GIB: z.coerce.number().positive().max(65_536).optional(),
  OWNER_PROGRAMS: z.string().default(""),
});

/** @throws TroopError `configuration_invalid` */
export function readOwnerSettings(
  environment: Environment,
  overrides: Partial<OwnerSettings> = {},
): OwnerSettings {
  const read = readSettings(environment, settings);
  return {
    isWatched: read.OWNER_WATCH === "auto",
    yield: read.OWNER_YIELD,
    schedule: readSchedule(read.OWNER_SCHEDULE),
    isBatteryAllowed: read.OWNER_BATTERY === "on",
    temperatureCap: read.OWNER_TEMPERATURE_CAP,
    modelBytesMost:
      read.OWNER_VRAM_GIB === undefined ? undefined : Math.floor(read.OWNER_VRAM_GIB * gibibyte),
    programs: read.OWNER_PROGRAMS.split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    ...overrides,
  };
}
