/** A private key in a file that only its owner can read. Made on first run. */
import { exportJWK, generateKeyPair } from "jose";
import { chmodSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, dirname, basename } from "node:path";
import { TroopError } from "../protocol/error-codes.ts";
import { createSigner, publicPartOf, type PublicJwk, type Signer } from "../protocol/signature.ts";
import type { Random } from "../base/random.ts";
import { shellWord } from "./shell-word.ts";

export type PrivateJwk = PublicJwk & { d: string };

/**
 * Loads the key at `path`, or makes an Ed25519 one there.
 * @throws TroopError `key_file_invalid` where it cannot be read, is no key, or others may read it
 */
export async function loadSigner(path: string, random: Random): Promise<Signer> {
  const existing = readKey(path);
  if (existing) return createSigner(existing);
  writeNew(path, JSON.stringify(await makeKey()), random);
  // Another process may have been first; what the file holds now is the key.
  return createSigner(readKey(path)!);
}

/** A new Ed25519 key. */
export async function makeKey(): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return (await exportJWK(privateKey)) as PrivateJwk;
}

/**
 * The key at `path`; undefined where there is none.
 * @throws TroopError `key_file_invalid`
 */
export function readKey(path: string): PrivateJwk | undefined {
  const refuse = (reason: string, run: string, cause?: unknown) =>
    new TroopError("key_file_invalid", `The key file ${path} ${reason}`, {
      cause,
      details: { run },
    });
  const word = shellWord(path);
  let text: string;
  try {
    if (statSync(path).mode & 0o077) throw refuse("can be read by others.", `chmod 600 ${word}`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof TroopError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw refuse("cannot be read.", `ls -l ${word}`, error);
  }
  try {
    const key = JSON.parse(text) as PrivateJwk;
    if (typeof key.d !== "string") throw new Error("the private part is missing");
    publicPartOf(key);
    return key;
  } catch (error) {
    const run = `mv ${word} ${word}.broken    (a new key is made then; restore the old one to keep its account)`;
    throw refuse("does not hold a private key (JWK, Ed25519 or RSA).", run, error);
  }
}

/** Written whole or not at all, and never over a key that is already there: a lost key is a lost account. */
function writeNew(path: string, text: string, random: Random): void {
  const draft = join(dirname(path), `.${basename(path)}.${random.uuid()}`);
  try {
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    chmodSync(draft, 0o600);
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new TroopError("key_file_invalid", `The key file ${path} cannot be written.`, {
        cause: error,
      });
    }
  } finally {
    rmSync(draft, { force: true });
  }
}
