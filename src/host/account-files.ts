/**
 * The account in a data folder: its key, and which account that key acts for. A key that was linked to an account has
 * another thumbprint than the account's id, which is that of its first key.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Random } from "../base/random.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { thumbprintText } from "../protocol/ids.ts";
import { publicPartOf, thumbprintOf } from "../protocol/signature.ts";
import type { PrivateJwk } from "./key-file.ts";
import { shellWord } from "./shell-word.ts";

export const accountKeyFile = (folder: string): string => join(folder, "account.key.json");
const accountIdFile = (folder: string): string => join(folder, "account.json");

const accountFile = z.object({ account_id: thumbprintText });

/**
 * Undefined where the key is its account's first.
 * @throws TroopError `key_file_invalid`
 */
export function readAccountId(folder: string): string | undefined {
  const path = accountIdFile(folder);
  try {
    return accountFile.parse(JSON.parse(readFileSync(path, "utf8"))).account_id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new TroopError("key_file_invalid", `${path} does not name an account.`, {
      cause: error,
      details: { run: `mv ${shellWord(path)} ${shellWord(`${path}.broken`)}` },
    });
  }
}

export const writeAccountId = (folder: string, accountId: string, random: Random): void =>
  writeWhole(accountIdFile(folder), JSON.stringify({ account_id: accountId }), random);

/** Where a key waits that is to replace the present one. */
export const nextKeyFile = (folder: string): string => join(folder, "account.key.next.json");

/**
 * Puts the key that waits in the place of the present one, which is kept beside it: a lost key is a lost account.
 * @returns where the former key is now, undefined where there was none
 */
export function adoptNextKey(folder: string): string | undefined {
  const path = accountKeyFile(folder);
  const aside = keepAside(path);
  renameSync(nextKeyFile(folder), path);
  return aside;
}

/** As `adoptNextKey`, for a key that comes from elsewhere. */
export function adoptKey(folder: string, key: PrivateJwk, random: Random): string | undefined {
  writeWhole(nextKeyFile(folder), JSON.stringify(key), random);
  return adoptNextKey(folder);
}

function keepAside(path: string): string | undefined {
  let present: object;
  try {
    present = JSON.parse(readFileSync(path, "utf8")) as object;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new TroopError("key_file_invalid", `The key file ${path} cannot be read.`, {
      cause: error,
    });
  }
  const aside = path.replace(
    /\.json$/,
    `.${thumbprintOf(publicPartOf(present)).slice(0, 12)}.json`,
  );
  try {
    linkSync(path, aside);
  } catch (error) {
    // It was kept before.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return aside;
}

/** Written whole or not at all. */
function writeWhole(path: string, text: string, random: Random): void {
  const draft = `${path}.${random.uuid()}`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new TroopError("key_file_invalid", `${path} cannot be written.`, { cause: error });
  }
}
