/** Whether this machine runs on its battery: Linux by `/sys/class/power_supply`, macOS by `pmset -g batt`. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunProgram } from "../../host/run-program.ts";
import { toolTimeoutMs } from "./reading.ts";
import { wordAt } from "./system-files.ts";

/** Undefined where the machine has none, or does not say. */
export type OnBattery = (signal: AbortSignal) => Promise<boolean | undefined>;

export function onBatteryHere(run: RunProgram, platform: NodeJS.Platform): OnBattery {
  switch (platform) {
    case "linux":
      return () => onBatteryByFiles("/sys/class/power_supply");
    case "darwin":
      return async (signal) => {
        const outcome = await run(["pmset", "-g", "batt"], toolTimeoutMs, signal);
        return outcome.kind === "ended" ? isDrawingFromBattery(outcome.stdout) : undefined;
      };
    default:
      return () => Promise.resolve(undefined);
  }
}

/** Linux, `Documentation/ABI/testing/sysfs-class-power`. */
export async function onBatteryByFiles(folder: string): Promise<boolean | undefined> {
  const names = await readdir(folder).catch(() => []);
  const supplies = await Promise.all(
    names.map(async (name) => {
      const read = (file: string) => wordAt(join(folder, name, file));
      const [type, scope, status, online] = await Promise.all(
        ["type", "scope", "status", "online"].map(read),
      );
      return { type, scope, status, online };
    }),
  );
  // A mouse has a battery too.
  const batteries = supplies.filter(({ type, scope }) => type === "Battery" && scope !== "Device");
  if (batteries.length === 0) return undefined;
  // A dock may charge less than the machine takes: as long as the mains give something, it is not the battery's work.
  if (supplies.some(({ type, online }) => type !== "Battery" && online === "1")) return false;
  return batteries.some(({ status }) => status === "Discharging");
}

/** The first line of `pmset -g batt` (macOS 10.6 and newer). */
export function isDrawingFromBattery(printed: string): boolean | undefined {
  const source = /Now drawing from '([^']+)'/.exec(printed)?.[1];
  return source === undefined ? undefined : source === "Battery Power";
}
