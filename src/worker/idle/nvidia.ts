/**
 * NVIDIA's GPUs, all of them, through `nvidia-smi` (manual of its release 580: `--query-gpu`, `pmon`). One short process a
 * sample: a loop of its own would have to be watched, restarted and read on a clock that is not ours.
 */
import type { RunProgram } from "../../host/run-program.ts";
import {
  type Device,
  type GpuProcess,
  gpuLingersMs,
  type Instrument,
  some,
  toolTimeoutMs,
} from "./reading.ts";

const query = "index,utilization.gpu,memory.used,memory.total,temperature.gpu";
const mebibyte = 1_024 * 1_024;

export function createNvidia(run: RunProgram): Instrument {
  const ask = async (words: readonly string[], signal: AbortSignal) => {
    const outcome = await run(["nvidia-smi", ...words], toolTimeoutMs, signal);
    return outcome.kind === "ended" && outcome.code === 0 ? outcome.stdout : undefined;
  };
  return {
    async read(look, signal) {
      const format = "--format=csv,noheader,nounits";
      const printed = await ask([`--query-gpu=${query}`, format], signal);
      const found = printed === undefined ? new Map<string, Device>() : devicesIn(printed);
      if (found.size > 0 && look.processes) {
        const listed = await ask(["pmon", "-c", "1", "-s", "u"], signal);
        if (listed !== undefined) addProcesses(found, processesIn(listed));
      }
      const devices = some([...found.values()]);
      return devices && { source: "nvidia", devices, lingersMs: gpuLingersMs };
    },
  };
}

/** By index. What a GPU does not measure is `[N/A]` or `[Not Supported]`; one without a load tells us nothing. */
export function devicesIn(printed: string): Map<string, Device> {
  const devices = new Map<string, Device>();
  for (const line of printed.split("\n")) {
    const [index, ...figures] = line.split(",").map((cell) => cell.trim());
    const [load, used, total, temperature] = figures.map(numberIn);
    if (!index || load === undefined) continue;
    devices.set(index, {
      load,
      ...(temperature === undefined ? {} : { temperature }),
      ...(used === undefined ? {} : { memoryUsedBytes: used * mebibyte }),
      ...(total === undefined ? {} : { memoryTotalBytes: total * mebibyte }),
    });
  }
  return devices;
}

export interface ListedProcess extends GpuProcess {
  /** Index of its GPU. */
  device: string;
}

/**
 * Undefined where it cannot tell how much each takes: then every cell is `-`. Columns are found by the header, which
 * gained `jpg` and `ofa` over the releases.
 */
export function processesIn(printed: string): ListedProcess[] | undefined {
  const lines = printed.split("\n").filter((line) => line.trim() !== "");
  const header = lines.find((line) => /^#\s*gpu\b/.test(line));
  const names = header?.replace(/^#\s*/, "").trim().split(/\s+/) ?? [];
  const [device, load, name] = ["gpu", "sm", "command"].map((column) => names.indexOf(column));
  if (device! < 0 || load! < 0 || name! < 0) return undefined;
  const rows = lines
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim().split(/\s+/))
    // A GPU without a process has a row of dashes.
    .filter((cells) => cells[names.indexOf("pid")] !== "-");
  // A desktop's windows take next to nothing and are shown as `-`; where all are, nothing was measured.
  if (rows.length > 0 && rows.every((cells) => numberIn(cells[load!]) === undefined))
    return undefined;
  return rows.map((cells) => ({
    device: cells[device!] ?? "",
    name: cells.slice(name).join(" "),
    load: numberIn(cells[load!]) ?? 0,
  }));
}

function addProcesses(devices: Map<string, Device>, listed: ListedProcess[] | undefined): void {
  if (!listed) return;
  for (const [index, device] of devices) {
    const processes = listed.filter((process) => process.device === index);
    // A GPU that works for nobody works for somebody who is not shown: another container, another machine's guest.
    if (processes.length > 0) device.processes = processes;
  }
}

function numberIn(cell: string | undefined): number | undefined {
  return cell !== undefined && /^\d+(\.\d+)?$/.test(cell) ? Number(cell) : undefined;
}
