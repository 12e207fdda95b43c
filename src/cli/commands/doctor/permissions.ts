/** Whether the data folder, which holds keys, is there and open to its owner only. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../../../host/shell-word.ts";
import type { Desk } from "./desk.ts";
import { type Found, type Mend, ok, problem, warning } from "./finding.ts";

export interface Entry {
  path: string;
  kind: "folder" | "file";
  mode: number;
  isOwn: boolean;
}

/** @param entries the folder and what is in it; empty where it is not there */
export function judgePermissions(folder: string, entries: readonly Entry[]): Found[] {
  const word = shellWord(folder);
  const [root] = entries;
  if (!root)
    return [
      {
        ...warning("data_folder_missing", `${folder} is not there yet.`, `mkdir -p -m 700 ${word}`),
        mends: [{ kind: "mkdir", path: folder }],
      },
    ];
  const foreign = entries.find(({ isOwn }) => !isOwn);
  if (foreign)
    return [
      problem(
        "data_folder_foreign",
        `${foreign.path} belongs to another user.`,
        `sudo chown -R "$(id -un)" ${word}`,
      ),
    ];
  const open = entries.filter(({ mode }) => (mode & 0o077) !== 0);
  if (open.length === 0) return [ok("data_folder_private", `${folder} is open to you only.`)];
  // Behind a folder that is shut nobody gets at what is in it, but for a copy that keeps the modes.
  const isReachable = (root.mode & 0o077) !== 0;
  const others = open.length > 1 ? ` and ${open.length - 1} more` : "";
  const cause = `${open[0]!.path}${others} can be read by others.`;
  const mends = open.map(({ path, mode }): Mend => ({ kind: "chmod", path, mode: mode & 0o700 }));
  return [
    {
      ...(isReachable ? problem : warning)("data_folder_open", cause, `chmod -R go= ${word}`),
      mends,
    },
  ];
}

const entriesMost = 10_000;

/** Breadth first, so that where there is too much of it the upper levels are seen. Links are left alone. */
export function entriesUnder(folder: string, userId: number | undefined): Entry[] {
  const entries: Entry[] = [];
  const queue = [folder];
  for (const path of queue) {
    if (entries.length >= entriesMost) break;
    try {
      const stats = lstatSync(path);
      if (!stats.isFile() && !stats.isDirectory()) continue;
      const isFolder = stats.isDirectory();
      entries.push({
        ...{ path, kind: isFolder ? "folder" : "file", mode: stats.mode & 0o777 },
        isOwn: userId === undefined || userId === 0 || stats.uid === userId,
      });
      if (isFolder) queue.push(...readdirSync(path).map((name) => join(path, name)));
    } catch (error) {
      // Gone in between, or shut to us, which its parent's owner says.
      if (path === folder && (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return entries;
}

export function checkPermissions({ context: { config } }: Desk): Found[] {
  if (process.platform === "win32")
    return [ok("data_folder_not_checked", "Windows keeps other accounts out of your profile.")];
  const { dataFolder } = config;
  return judgePermissions(dataFolder, entriesUnder(dataFolder, process.getuid?.()));
}
