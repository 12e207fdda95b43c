/** Where files live: data that must survive, and a cache that may be fetched again (XDG base directories). */
import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
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
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return path;
  } catch (error) {
    throw new TroopError("data_folder_invalid", `${path} is not a folder that can be written to.`, {
      cause: error,
    });
  }
}
