/** Where files live: data that must survive, and a cache that may be fetched again (XDG base directories). */
import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { TroopError } from "../protocol/error-codes.ts";
import type { Environment } from "./env.ts";

const folderName = "monkey-troop";

export const dataFolder = (environment: Environment): string =>
  environment.DATA_DIR ||
  join(environment.XDG_DATA_HOME || join(homedir(), ".local", "share"), folderName);

export const cacheFolder = (environment: Environment): string =>
  join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), folderName);

/**
 * Makes the folder, readable by its owner only, and returns its path.
 * @throws TroopError `data_folder_invalid`
 */
export function ensureFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    mustBeUsable(path);
    return path;
  } catch (error) {
    throw new TroopError("data_folder_invalid", `${path} is not a folder that can be written to.`, {
      cause: error,
    });
  }
}

/** A data folder for whoever's own cannot be used, as it is typed: at home, here, or where it ends with the machine. */
export function otherFolder(): string {
  const places = { "~": homedir(), ".": "." };
  const found = Object.entries(places).find(([, path]) => isUsable(path));
  return `${found?.[0] ?? tmpdir()}/${folderName}`;
}

const mustBeUsable = (path: string) =>
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);

function isUsable(path: string): boolean {
  try {
    mustBeUsable(path);
    return true;
  } catch {
    return false;
  }
}
