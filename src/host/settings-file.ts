/** `settings.env` in the data folder: settings that every command on the folder reads, below environment and flags. */
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { TroopError } from "../protocol/error-codes.ts";
import type { Environment } from "./env.ts";

export type Settings = Readonly<Record<string, string>>;

export const settingsFile = (dataFolder: string): string => join(dataFolder, "settings.env");

/** What must be known before the file is read, or belongs to the process and not to us. */
const notOurs = /^(DATA_DIR|PATH|HOME|SHELL|LD_\w+|NODE_\w+|XDG_\w+)$/;

/** Nothing where there is no file. @throws TroopError `data_folder_invalid` where it cannot be read */
export const readSettingsFile = (dataFolder: string): Settings =>
  Object.fromEntries(linesOf(dataFolder).filter(([name]) => !notOurs.test(name)));

/** Whether they are read from there or not. @throws TroopError `data_folder_invalid` */
export const namesInSettingsFile = (dataFolder: string): string[] =>
  linesOf(dataFolder).map(([name]) => name);

/** Those that say something: an empty one counts as unset. */
function linesOf(dataFolder: string): [name: string, value: string][] {
  const path = settingsFile(dataFolder);
  try {
    const found = Object.entries(parseEnv(readFileSync(path, "utf8")));
    return found.flatMap(([name, value]) => (value ? [[name, value]] : []));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw new TroopError("data_folder_invalid", `${path} cannot be read.`, { cause: error });
  }
}

const head =
  "# Settings of every `troop` command on this folder; variables and flags win over them.";

/**
 * Replaces the file whole, or removes it where nothing is left to be set.
 * @param settings values without line ends
 * @throws TroopError `data_folder_invalid`
 */
export function writeSettingsFile(dataFolder: string, settings: Settings): void {
  const path = settingsFile(dataFolder);
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${quoted(value)}`);
  try {
    if (lines.length === 0) return rmSync(path, { force: true });
    const next = `${path}.new`;
    writeFileSync(next, `${[head, ...lines].join("\n")}\n`, { mode: 0o600, flush: true });
    chmodSync(next, 0o600);
    renameSync(next, path);
  } catch (error) {
    throw new TroopError("data_folder_invalid", `${path} cannot be written.`, { cause: error });
  }
}

const quoted = (value: string): string => {
  if (/^[\w@%+:,./-]+$/.test(value)) return value;
  const mark = ["'", '"', "`"].find((each) => !value.includes(each)) ?? '"';
  return `${mark}${value}${mark}`;
};

/** A variable that is set wins, and so does one that names a file with the value. */
export function withSettings(environment: Environment, settings: Settings): Environment {
  const isSet = (name: string) => {
    const plain = name.replace(/_FILE$/, "");
    return Boolean(environment[plain] || environment[`${plain}_FILE`]);
  };
  const missing = Object.entries(settings).filter(([name]) => !isSet(name));
  return { ...environment, ...Object.fromEntries(missing) };
}
