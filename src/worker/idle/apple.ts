/** Apple's GPUs: `ioreg` prints what the driver counts (macOS 11 to 15, `PerformanceStatistics` of `IOAccelerator`). */
import type { RunProgram } from "../../host/run-program.ts";
import { type Device, gpuLingersMs, type Instrument, some, toolTimeoutMs } from "./reading.ts";

export const createApple = (run: RunProgram): Instrument => ({
  async read(_look, signal) {
    const words = ["-r", "-d", "1", "-w", "0", "-c", "IOAccelerator"] as const;
    const outcome = await run(["ioreg", ...words], toolTimeoutMs, signal);
    if (outcome.kind !== "ended" || outcome.code !== 0) return undefined;
    const devices = some(acceleratorsIn(outcome.stdout));
    return devices && { source: "apple", devices, lingersMs: gpuLingersMs };
  },
});

export const acceleratorsIn = (printed: string): Device[] =>
  Array.from(printed.matchAll(/"PerformanceStatistics" = \{([^}]*)\}/g)).flatMap(
    ([, statistics = ""]) => {
      const load = /"Device Utilization %"=(\d+)/.exec(statistics)?.[1];
      const used = /"In use system memory"=(\d+)/.exec(statistics)?.[1];
      if (load === undefined) return [];
      return [{ load: Number(load), ...(used ? { memoryUsedBytes: Number(used) } : {}) }];
    },
  );
