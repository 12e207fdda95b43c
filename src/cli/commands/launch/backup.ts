/** What was in another program's settings before we wrote there: kept beside our own files, so that it can be put back. */
import {
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ensureFolder } from "../../../host/folders.ts";
import { TroopError } from "../../../protocol/error-codes.ts";

const backupSchema = z.object({
  file: z.string(),
  /** Null where there was no file. */
  before: z.string().nullable(),
  /** As we left it. */
  after: z.string(),
  /** Where in it is what we set. */
  places: z.array(z.array(z.union([z.string(), z.number()]))),
  /** Of `after`, sha-256: a copy that was damaged is not put anywhere. */
  hash: z.string(),
});
export type Backup = z.infer<typeof backupSchema>;

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** One for each file: a program's settings may be moved by its variables. */
const pathOf = (dataFolder: string, tool: string, file: string) =>
  join(dataFolder, "launch", `${tool}-${hashOf(file).slice(0, 12)}.json`);

/** Undefined where nothing was written. @throws TroopError `settings_unclear` for a damaged one */
export function readBackup(dataFolder: string, tool: string, file: string): Backup | undefined {
  const path = pathOf(dataFolder, tool, file);
  const text = readText(path);
  if (text === undefined) return undefined;
  const unclear = (cause?: unknown) =>
    new TroopError("settings_unclear", `${path} is not what was written there.`, { cause });
  try {
    const backup = backupSchema.parse(JSON.parse(text));
    if (hashOf(backup.after) === backup.hash) return backup;
  } catch (error) {
    throw unclear(error);
  }
  throw unclear();
}

/** Settings may hold keys: for their owner's eyes only. */
export function keepBackup(dataFolder: string, tool: string, backup: Omit<Backup, "hash">): void {
  ensureFolder(join(dataFolder, "launch"));
  const whole: Backup = { ...backup, hash: hashOf(backup.after) };
  replaceFile(pathOf(dataFolder, tool, backup.file), JSON.stringify(whole), 0o600);
}

export const forgetBackup = (dataFolder: string, tool: string, file: string): void =>
  rmSync(pathOf(dataFolder, tool, file), { force: true });

/** Undefined where there is no file. @throws TroopError `settings_unclear` for what cannot be read as text */
export function readText(path: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new TroopError("settings_unclear", `${path} cannot be read.`, { cause: error });
  }
}

/** Whole or not at all; through links, as dotfiles are kept; with the rights that the file had. */
export function replaceFile(path: string, text: string, newMode = 0o644): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const place = realPath(path);
    const draft = `${place}.troop-draft`;
    rmSync(draft, { force: true });
    writeFileSync(draft, text, { mode: modeOf(place) ?? newMode, flag: "wx", flush: true });
    renameSync(draft, place);
  } catch (error) {
    throw new TroopError("settings_unclear", `${path} cannot be written.`, { cause: error });
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const modeOf = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.mode;
