/** Which roles run on this data folder, as their notes say and their processes bear out. */
import { dataFolder } from "../host/folders.ts";
import { holdsNote } from "../host/note-holder.ts";
import { readRunFile, type RunFile, runFilePath } from "../host/run-file.ts";
import { createRunProgram } from "../host/run-program.ts";
import { shellWord } from "../host/shell-word.ts";
import type { CommandContext } from "./context.ts";

/** In the order in which they are ended: who asks, who computes, who keeps the books of both. */
export const stoppableRoles = ["client", "worker", "coordinator"] as const;
export type StoppableRole = (typeof stoppableRoles)[number];

export interface RunningRole extends RunFile {
  role: StoppableRole;
  /** False where there is such a process, and nobody lets us see whether it is ours. */
  isSeen: boolean;
}

/** Undefined where it does not run, whatever note was left. */
export async function runningHere(
  { config, environment, clock }: CommandContext,
  role: StoppableRole,
): Promise<RunningRole | undefined> {
  const note = readRunFile(config.dataFolder, role);
  if (!note) return undefined;
  const path = runFilePath(config.dataFolder, role);
  const holds = await holdsNote(path, note.pid, createRunProgram(environment, clock));
  return holds === "no" ? undefined : { ...note, role, isSeen: holds === "yes" };
}

/** As people call them. */
export const roleNames = {
  client: "the local API",
  worker: "the worker",
  coordinator: "the coordinator",
} as const satisfies Record<StoppableRole, string>;

/** For commands that are to look at the same folder: nothing where they do so by themselves. */
export const sameFolder = ({ config, environment }: CommandContext): string =>
  config.dataFolder === dataFolder(environment) ? "" : ` --data ${shellWord(config.dataFolder)}`;
