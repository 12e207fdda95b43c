/** Whether there is room on the disks of the data and the cache folder. */
import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { shellWord } from "../../../host/shell-word.ts";
import type { Desk } from "./desk.ts";
import { type Found, ok, problem, warning } from "./finding.ts";

export interface DiskFacts {
  what: "data" | "cache";
  path: string;
  freeBytes: number;
}

const mib = 1_024 * 1_024;
/** Below the first a role cannot promise to keep its journal; below the second it soon will not. */
const needs: Readonly<Record<DiskFacts["what"], { least: number; wanted: number }>> = {
  data: { least: 64 * mib, wanted: 1_024 * mib },
  // An engine is fetched there, once: up to some hundred MiB.
  cache: { least: 0, wanted: 1_024 * mib },
};

export const judgeDisks = (disks: readonly DiskFacts[]): Found[] =>
  disks.map(({ what, path, freeBytes }) => {
    const { least, wanted } = needs[what];
    const cause = `${sizeText(freeBytes)} free for the ${what} folder ${path}.`;
    const run = `df -h ${shellWord(path)}`;
    if (freeBytes < least) return problem("disk_full", cause, run);
    return freeBytes < wanted ? warning("disk_low", cause, run) : ok("disk_free", cause);
  });

const sizeText = (bytes: number) =>
  bytes < 1_024 * mib ? `${Math.floor(bytes / mib)} MiB` : `${Math.floor(bytes / mib / 1_024)} GiB`;

/** The folder that is there, on the way to one that is made on first use. */
const existing = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : existing(dirname(path));

export function checkDisk({ context: { config } }: Desk): Found[] {
  const folders = [
    ["data", config.dataFolder],
    ["cache", config.cacheFolder],
  ] as const;
  return judgeDisks(
    folders.map(([what, path]) => {
      const { bavail, bsize } = statfsSync(existing(path));
      return { what, path, freeBytes: bavail * bsize };
    }),
  );
}
