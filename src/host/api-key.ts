/** The key that applications send to the sidecar: chosen by its owner, or made where other people share the machine. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../base/random.ts";
import { toBase64url } from "../protocol/bytes.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { type Environment, readSecret } from "./env.ts";
import { shellWord } from "./shell-word.ts";

/** Said by whoever wants no key, other people on the machine included. */
const anyKey = "any";
const keyBytes = 32;

export interface ApiKey {
  /** Undefined: any is accepted. */
  key: string | undefined;
  /** Where it lies, if it was made here. */
  file: string | undefined;
}

const fileIn = (dataFolder: string) => join(dataFolder, "api-key");

const settingIn = (environment: Environment) => readSecret(environment, "TROOP_API_KEY");

/** @param setting as somebody wrote it. @returns undefined where any key will do */
export const keyOf = (setting: string | undefined): string | undefined =>
  setting === anyKey ? undefined : setting;

/**
 * For the sidecar's start.
 * @param others people with accounts on this machine
 * @throws TroopError `key_file_invalid`, `configuration_invalid`
 */
export function decideApiKey(
  environment: Environment,
  dataFolder: string,
  others: readonly string[],
  random: Random,
): ApiKey {
  const setting = settingIn(environment);
  if (setting !== undefined || others.length === 0) return { key: keyOf(setting), file: undefined };
  const file = fileIn(dataFolder);
  return { key: readKeyFile(file) ?? makeKeyFile(file, random), file };
}

/** For whoever asks a sidecar that was started on this folder. @throws TroopError `key_file_invalid`, `configuration_invalid` */
export const knownApiKey = (environment: Environment, dataFolder: string): string | undefined =>
  keyOf(settingIn(environment)) ?? readKeyFile(fileIn(dataFolder));

function readKeyFile(file: string): string | undefined {
  const refuse = (reason: string, run: string, cause?: unknown) =>
    new TroopError("key_file_invalid", `The key file ${file} ${reason}`, {
      cause,
      details: { run },
    });
  const word = shellWord(file);
  let text: string;
  try {
    if (statSync(file).mode & 0o077) throw refuse("can be read by others.", `rm ${word}`);
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    if (error instanceof TroopError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw refuse("cannot be read.", `ls -l ${word}`, error);
  }
  if (text === "") throw refuse("is empty.", `rm ${word}`);
  return text;
}

function makeKeyFile(file: string, random: Random): string {
  const key = `troop-${toBase64url(random.bytes(keyBytes))}`;
  try {
    // Never over one that is there.
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: "wx", flush: true });
    return key;
  } catch (error) {
    throw new TroopError("key_file_invalid", `The key file ${file} cannot be written.`, {
      cause: error,
    });
  }
}
