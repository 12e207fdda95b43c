/** Whether a process is the one that left a role's note: it alone has the note open. A number may be anybody's by now. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import type { RunProgram } from "./run-program.ts";

/** `unknown`: there is such a process, and this system or its owner keeps us from looking at it. */
export type Holds = "yes" | "no" | "unknown";

const askTimeoutMs = 10_000;

/** @param path of the note. @param run for systems that show open files by a program only */
export async function holdsNote(path: string, pid: number, run: RunProgram): Promise<Holds> {
  if (!isAlive(pid)) return "no";
  if (process.platform === "linux") return hasOpen(pid, path);
  const told = await run(["lsof", "-t", "--", path], askTimeoutMs);
  if (told.kind !== "ended") return "unknown";
  return told.stdout.split("\n").includes(String(pid)) ? "yes" : "no";
}

function hasOpen(pid: number, path: string): Holds {
  const folder = `/proc/${pid}/fd`;
  try {
    const real = realpathSync(path);
    return readdirSync(folder).some((name) => linkOf(`${folder}/${name}`) === real) ? "yes" : "no";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? "unknown" : "no";
  }
}

/** Files are closed while we look. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Whether it still runs; one that has ended and is only listed does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return process.platform !== "linux" || !isListedOnly(pid);
}

/** Where nobody reaps what was orphaned, as in most containers, it stays in the list of processes. */
function isListedOnly(pid: number): boolean {
  try {
    return /^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}
