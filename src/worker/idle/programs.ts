/** Which programs run: Linux by `/proc`, elsewhere by `ps`. Asked only where the owner named some. */
import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { RunProgram } from "../../host/run-program.ts";
import { toolTimeoutMs } from "./reading.ts";
import { wordAt } from "./system-files.ts";

/** Names of everything that runs; undefined where the system does not say. */
export type ListPrograms = (signal: AbortSignal) => Promise<readonly string[] | undefined>;

export const listProgramsHere = (run: RunProgram, platform: NodeJS.Platform): ListPrograms =>
  platform === "linux"
    ? () => programsByFiles("/proc")
    : async (signal) => {
        const outcome = await run(["ps", "-axo", "comm="], toolTimeoutMs, signal);
        return outcome.kind === "ended" && outcome.code === 0
          ? outcome.stdout.split("\n").map(lastPart)
          : undefined;
      };

/** Both what a process calls itself, cut at 15 characters by the kernel, and the program's file where it may be read. */
export async function programsByFiles(proc: string): Promise<readonly string[] | undefined> {
  const entries = await readdir(proc).catch(() => undefined);
  const processes = entries?.filter((name) => /^\d+$/.test(name));
  if (!processes) return undefined;
  const names = await Promise.all(
    processes.map(async (process) => {
      const folder = join(proc, process);
      const file = await readlink(join(folder, "exe")).catch(() => undefined);
      return [await wordAt(join(folder, "comm")), file && lastPart(file)];
    }),
  );
  return names.flat().filter((name) => name !== undefined);
}

const lastPart = (path: string): string => path.trim().split(/[\\/]/).at(-1) ?? "";
const commCharacters = 15;

/** The first of `wanted` that runs. Case does not matter, nor does a `.exe`, as under Wine and Proton. */
export function firstRunning(
  wanted: readonly string[],
  running: readonly string[],
): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/\.exe$/, "");
  const names = new Set(running.flatMap((name) => [plain(name), name.toLowerCase()]));
  return wanted.find(
    (name) => names.has(plain(name)) || names.has(name.toLowerCase().slice(0, commCharacters)),
  );
}
