/** Where a running role can be reached, left in the data folder for the commands that ask about it. */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const runFile = z.object({ url: z.string(), pid: z.int(), coordinator: z.string() });
export type RunFile = z.infer<typeof runFile>;

export const runFilePath = (dataFolder: string, role: string) =>
  join(dataFolder, `${role}.running.json`);

/**
 * Leaves the note until disposed, and keeps it open: whoever has it open is who left it (`note-holder.ts`). After a
 * SIGKILL it stays: whoever reads it must try the address.
 */
export function leaveRunFile(dataFolder: string, role: string, running: RunFile): Disposable {
  const path = runFilePath(dataFolder, role);
  const file = openSync(path, "w", 0o600);
  writeFileSync(file, JSON.stringify(running));
  return {
    [Symbol.dispose]: () => {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}

export function readRunFile(dataFolder: string, role: string): RunFile | undefined {
  try {
    return runFile.parse(JSON.parse(readFileSync(runFilePath(dataFolder, role), "utf8")));
  } catch {
    return undefined;
  }
}
