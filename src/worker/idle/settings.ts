/** What the owner decided about their machine. `config.ts` reads it. */
import type { Schedule } from "./schedule.ts";

/** What becomes of running requests when the owner comes back. */
export const yields = ["stop", "finish"] as const;
export type Yield = (typeof yields)[number];

export interface OwnerSettings {
  /** False: neither load nor battery nor temperature is looked at. */
  isWatched: boolean;
  yield: Yield;
  schedule: Schedule;
  /** Lends on battery too. */
  isBatteryAllowed: boolean;
  /** °C of the hottest GPU from which on the machine rests; undefined: whatever it gets. */
  temperatureCap: number | undefined;
  /** Bytes; larger models are not offered. Undefined: all. */
  modelBytesMost: number | undefined;
  /** Names of programs that mean: mine now. */
  programs: readonly string[];
}

/** Of an owner who decided nothing. */
export const usualSettings: OwnerSettings = {
  ...{ isWatched: true, yield: "stop", schedule: [], isBatteryAllowed: false },
  ...{ temperatureCap: undefined, modelBytesMost: undefined, programs: [] },
};
