/** Where a running role can be reached, left in the data folder for the commands that ask about it. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const runFile = z.object({ url: z.string(), pid: z.int(), coordinator: z.string() });
export type RunFile = z.infer<typeof runFile>;

const pathOf = (dataFolder: string, role: string) => join(dataFolder, `${role}.running.json`);

/** Leaves the note until disposed. After a SIGKILL it stays: whoever reads it must try the address. */
export function leaveRunFile(dataFolder: string, role: string, running: RunFile): Disposable {
  writeFileSync(pathOf(dataFolder, role), JSON.stringify(running), { mode: 0o600 });
  return { [Symbol.dispose]: () => rmSync(pathOf(dataFolder, role), { force: true }) };
}

export function readRunFile(dataFolder: string, role: string): RunFile | undefined {
  try {
    return runFile.parse(JSON.parse(readFileSync(pathOf(dataFolder, role), "utf8")));
  } catch {
    return undefined;
  }
}
