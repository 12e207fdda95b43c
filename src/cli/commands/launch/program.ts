/** Finds another program and lets it have the terminal until it ends. */
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { constants as system } from "node:os";
import { delimiter, join } from "node:path";
import type { Environment } from "../../../host/env.ts";

/** The first of these names on the PATH. */
export function findProgram(
  { PATH = "" }: Environment,
  names: readonly string[],
): string | undefined {
  const folders = PATH.split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs it in this terminal and returns its exit code; as shells have it, 128 and more for a signal.
 * @param signal when it aborts, the program is sent the signal that we were sent
 * @param isTTY Ctrl-C on a terminal reaches every program in front of it: one is enough
 */
export async function runInFront(
  program: string,
  words: readonly string[],
  environment: Environment,
  { signal, isTTY }: { signal: AbortSignal; isTTY: boolean },
): Promise<number> {
  const child = spawn(program, words, { env: { ...environment }, stdio: "inherit" });
  const pass = () => {
    const name = signalNameIn(signal.reason);
    if (!(isTTY && name === "SIGINT")) child.kill(name);
  };
  // Whoever insists on our end, by a second signal, does not want the other to go on alone.
  const leave = () => void child.kill("SIGTERM");
  process.once("exit", leave);
  signal.addEventListener("abort", pass);
  if (signal.aborted) pass();
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, name) =>
        resolve(code ?? 128 + (name === null ? 0 : system.signals[name])),
      );
    });
  } finally {
    signal.removeEventListener("abort", pass);
    process.off("exit", leave);
  }
}

const signalNameIn = (reason: unknown): NodeJS.Signals =>
  reason instanceof Error && reason.message.includes("SIGINT") ? "SIGINT" : "SIGTERM";
