/** The operator's password: hashed with scrypt, made at the first start where none was chosen, never kept itself. */
import { scrypt, timingSafeEqual } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Random } from "../../base/random.ts";
import { fromBase64url, toBase64url } from "../../protocol/bytes.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { loadSecret } from "../tickets/secret-file.ts";

/** 32 MiB and a tenth of a second: RFC 7914, as OWASP's table has it for one of its weaker machines. */
const cost = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1_024 * 1_024 };
const hashBytes = 32;
const saltBytes = 16;
const madeBytes = 18;

const derive = promisify<string, Uint8Array, number, typeof cost, Buffer>(scrypt);

const keyOf = (password: string, salt: Uint8Array): Promise<Buffer> =>
  derive(password.normalize("NFKC"), salt, hashBytes, cost);

/** `scrypt.salt.hash`, the latter two as base64url. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.bytes(saltBytes);
  return ["scrypt", toBase64url(salt), toBase64url(await keyOf(password, salt))].join(".");
}

/** One that nobody can guess, to be shown once. */
export const makePassword = (random: Random): string => toBase64url(random.bytes(madeBytes));

/** @param stored as `hashPassword` returned it */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, salt = "", hash = ""] = stored.trim().split(".");
  const wanted = fromBase64url(hash) ?? new Uint8Array();
  const key = await keyOf(password, fromBase64url(salt) ?? new Uint8Array());
  return wanted.length === key.length && timingSafeEqual(wanted, key);
}

export interface LoadedPassword {
  stored: string;
  /** The password itself, where it was made just now: shown once, and never again. */
  made: string | undefined;
}

const passwordFile = (folder: string): string => join(folder, "operator-password");

/** What was made counts no more: the next start makes another. */
export const forgetPassword = (folder: string): void =>
  rmSync(passwordFile(folder), { force: true });

/**
 * @param chosen by the operator; undefined: what was made at the first start counts
 * @throws TroopError `key_file_invalid`
 */
export async function loadPassword(
  folder: string,
  chosen: string | undefined,
  random: Random,
): Promise<LoadedPassword> {
  if (chosen !== undefined) return { stored: await hashPassword(chosen, random), made: undefined };
  let made: string | undefined;
  const path = passwordFile(folder);
  const make = async () => {
    made = makePassword(random);
    return hashPassword(made, random);
  };
  const stored = await loadSecret(path, make, random);
  if (!/^scrypt\.[\w-]+\.[\w-]+\s*$/.test(stored))
    throw new TroopError("key_file_invalid", `The file ${path} holds no password's hash.`);
  return { stored, made };
}
