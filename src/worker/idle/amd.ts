/**
 * AMD's GPUs: from the files of the `amdgpu` driver (Linux, `Documentation/gpu/amdgpu/thermal.rst`:
 * `gpu_busy_percent`, `mem_info_vram_*`, hwmon's `temp1_input`), else from `rocm-smi --json` (ROCm 6).
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { RunProgram } from "../../host/run-program.ts";
import { type Device, gpuLingersMs, type Instrument, some, toolTimeoutMs } from "./reading.ts";
import { numberAt } from "./system-files.ts";

const cardFolder = /^card\d+$/;

/** @param drm `/sys/class/drm` */
export const createAmdFiles = (drm: string): Instrument => ({
  async read() {
    const cards = (await readdir(drm).catch(() => [])).filter((name) => cardFolder.test(name));
    const found = await Promise.all(cards.map((card) => readCard(join(drm, card, "device"))));
    const devices = some(found.filter((device) => device !== undefined));
    return devices && { source: "amd", devices, lingersMs: gpuLingersMs };
  },
});

async function readCard(folder: string): Promise<Device | undefined> {
  const load = await numberAt(join(folder, "gpu_busy_percent"));
  if (load === undefined) return undefined;
  const [used, total, temperature] = await Promise.all([
    numberAt(join(folder, "mem_info_vram_used")),
    numberAt(join(folder, "mem_info_vram_total")),
    temperatureIn(join(folder, "hwmon")),
  ]);
  return {
    load,
    ...(temperature === undefined ? {} : { temperature }),
    ...(used === undefined ? {} : { memoryUsedBytes: used }),
    ...(total === undefined ? {} : { memoryTotalBytes: total }),
  };
}

async function temperatureIn(folder: string): Promise<number | undefined> {
  const [monitor] = await readdir(folder).catch(() => []);
  if (monitor === undefined) return undefined;
  const thousandths = await numberAt(join(folder, monitor, "temp1_input"));
  return thousandths === undefined ? undefined : thousandths / 1_000;
}

export const createRocmSmi = (run: RunProgram): Instrument => ({
  async read(_look, signal) {
    const words = ["--showuse", "--showtemp", "--showmeminfo", "vram", "--json"] as const;
    const outcome = await run(["rocm-smi", ...words], toolTimeoutMs, signal);
    if (outcome.kind !== "ended" || outcome.code !== 0) return undefined;
    const devices = some(rocmDevicesIn(outcome.stdout));
    return devices && { source: "amd", devices, lingersMs: gpuLingersMs };
  },
});

const text = z.coerce.number().optional().catch(undefined);
const rocmCards = z.record(
  z.string(),
  z
    .looseObject({
      "GPU use (%)": text,
      "Temperature (Sensor edge) (C)": text,
      "Temperature (Sensor junction) (C)": text,
      "VRAM Total Memory (B)": text,
      "VRAM Total Used Memory (B)": text,
    })
    .catch({}),
);

export function rocmDevicesIn(printed: string): Device[] {
  // Warnings come before the document, on the same output.
  const parsed = rocmCards.safeParse(parseFrom(printed, printed.indexOf("{")));
  return Object.entries(parsed.data ?? {}).flatMap(([name, card]) => {
    const load = card["GPU use (%)"];
    if (!cardFolder.test(name) || load === undefined) return [];
    const temperature =
      card["Temperature (Sensor edge) (C)"] ?? card["Temperature (Sensor junction) (C)"];
    const [used, total] = [card["VRAM Total Used Memory (B)"], card["VRAM Total Memory (B)"]];
    return [
      {
        load,
        ...(temperature === undefined ? {} : { temperature }),
        ...(used === undefined ? {} : { memoryUsedBytes: used }),
        ...(total === undefined ? {} : { memoryTotalBytes: total }),
      },
    ];
  });
}

function parseFrom(printed: string, start: number): unknown {
  try {
    return start < 0 ? undefined : JSON.parse(printed.slice(start));
  } catch {
    return undefined;
  }
}
