/**
 * The GPUs of this machine and their driver, as the node states them: NVIDIA's by `nvidia-smi`, others not yet. It is a
 * claim; but where it changes, the coordinator has the node prove itself anew.
 */
import type { RunProgram } from "../../host/run-program.ts";
import { limits } from "../../protocol/limits.ts";

const timeoutMs = 5_000;
const gpusMost = 16;

/** None where there is no such GPU, or its driver does not answer. */
export async function describeGpus(run: RunProgram): Promise<string[]> {
  const query = "--query-gpu=name,memory.total,driver_version";
  const outcome = await run(["nvidia-smi", query, "--format=csv,noheader"], timeoutMs);
  return outcome.kind === "ended" && outcome.code === 0 ? gpusIn(outcome.stdout) : [];
}

/** `NVIDIA GeForce RTX 3060, 12288 MiB, 580.65.06` a line. */
export const gpusIn = (printed: string): string[] =>
  printed
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.split(",").length === 3)
    .map((line) => line.slice(0, limits.modelNameCharacters))
    .slice(0, gpusMost);

/**
 * The ids that the driver knows a GPU of this name by; undefined where it knows none. Which of several alike it is
 * nobody says, so that all of them are named.
 */
export async function gpuIdOf(run: RunProgram, name: string): Promise<string | undefined> {
  const query = ["nvidia-smi", "--query-gpu=name,uuid", "--format=csv,noheader"] as const;
  const outcome = await run(query, timeoutMs);
  return outcome.kind === "ended" && outcome.code === 0 ? idIn(outcome.stdout, name) : undefined;
}

/** `NVIDIA GeForce RTX 3060, GPU-5ae0a1c4-…` a line. */
export function idIn(printed: string, name: string): string | undefined {
  const rows = printed.split("\n").map((line) => line.split(",").map((field) => field.trim()));
  const ids = rows.flatMap(([named, id]) => (named === name && id ? [id] : []));
  return ids.length === 0 ? undefined : ids.join(" ").slice(0, limits.modelNameCharacters);
}
