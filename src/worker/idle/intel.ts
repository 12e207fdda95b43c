/**
 * Intel's GPUs. The kernel's drivers count for how long a GPU slept (`rc6_residency_ms` of i915,
 * `gtidle/idle_residency_ms` of xe, Linux 6.8): whatever is missing between two looks was work. Else `xpu-smi dump`
 * (Intel XPU Manager 1.2, metrics 0 and 3).
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { RunProgram } from "../../host/run-program.ts";
import { type Device, gpuLingersMs, type Instrument, some, toolTimeoutMs } from "./reading.ts";
import { numberAt } from "./system-files.ts";

const sleepCounters = [
  "gt/gt0/rc6_residency_ms",
  "power/rc6_residency_ms",
  "device/tile0/gt0/gtidle/idle_residency_ms",
];

/** @param drm `/sys/class/drm` */
export function createIntelFiles(drm: string, clock: Pick<Clock, "monotonic">): Instrument {
  const before = new Map<string, { sleptMs: number; at: number }>();

  async function loadOf(card: string): Promise<Device | undefined> {
    const counted = await Promise.all(sleepCounters.map((file) => numberAt(join(drm, card, file))));
    const sleptMs = counted.find((figure) => figure !== undefined);
    if (sleptMs === undefined) return undefined;
    const at = clock.monotonic();
    const last = before.get(card);
    before.set(card, { sleptMs, at });
    // The first look has nothing to compare with; a counter that went back was reset.
    if (!last || at <= last.at || sleptMs < last.sleptMs) return { load: 0 };
    const load = 100 * (1 - (sleptMs - last.sleptMs) / (at - last.at));
    return { load: Math.min(100, Math.max(0, load)) };
  }

  return {
    async read() {
      const names = await readdir(drm).catch(() => []);
      const cards = names.filter((name) => /^card\d+$/.test(name));
      const found = await Promise.all(cards.map(loadOf));
      const devices = some(found.filter((device) => device !== undefined));
      return devices && { source: "intel", devices, lingersMs: gpuLingersMs };
    },
  };
}

export const createXpuSmi = (run: RunProgram): Instrument => ({
  async read(_look, signal) {
    const words = ["dump", "-d", "-1", "-m", "0,3", "-n", "1"] as const;
    const outcome = await run(["xpu-smi", ...words], toolTimeoutMs, signal);
    if (outcome.kind !== "ended" || outcome.code !== 0) return undefined;
    const devices = some(xpuDevicesIn(outcome.stdout));
    return devices && { source: "intel", devices, lingersMs: gpuLingersMs };
  },
});

/** `N/A` where a device does not measure it. */
export function xpuDevicesIn(printed: string): Device[] {
  const [header = "", ...lines] = printed.split("\n").filter((line) => line.includes(","));
  const names = header.split(",").map((name) => name.trim());
  // The unit is `(C)` in one release and `(Celsius Degree)` in another.
  const at = (cells: string[], name: string): number | undefined => {
    const cell = cells[names.findIndex((column) => column.startsWith(name))];
    return cell !== undefined && /^\d+(\.\d+)?$/.test(cell) ? Number(cell) : undefined;
  };
  return lines.flatMap((line) => {
    const cells = line.split(",").map((cell) => cell.trim());
    const load = at(cells, "GPU Utilization");
    const temperature = at(cells, "GPU Core Temperature");
    if (load === undefined) return [];
    return [{ load, ...(temperature === undefined ? {} : { temperature }) }];
  });
}
