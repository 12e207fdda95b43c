/** How many threads llama.cpp may use. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";

/** Beyond this the memory's bandwidth is the limit, and the machine's owner wants some cores too. */
const most = 8;

/** Physical cores as Linux lists them; hyper-threads share an arithmetic unit and only get in each other's way. */
export function physicalCores(cpuInfo: string): number | undefined {
  const cores = new Set<string>();
  for (const block of cpuInfo.split("\n\n")) {
    const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1];
    const chip = /^physical id\s*:\s*(\d+)/m.exec(block)?.[1] ?? "0";
    if (core !== undefined) cores.add(`${chip}:${core}`);
  }
  return cores.size > 0 ? cores.size : undefined;
}

/** One core is left to the process that serves, and to the rest of the machine. */
export const threadsFor = (cores: number): number => Math.min(Math.max(cores - 1, 1), most);

export async function engineThreads(): Promise<number> {
  const available = availableParallelism();
  const cpuInfo = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  return threadsFor(Math.min(physicalCores(cpuInfo) ?? available, available));
}
