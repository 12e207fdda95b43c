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
