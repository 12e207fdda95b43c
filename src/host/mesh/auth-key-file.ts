/** A mesh's auth key, in a file that only its owner can read: tailscale is given the file's name, never the key. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { TroopError } from "../../protocol/error-codes.ts";
import { shellWord } from "../shell-word.ts";

export interface AuthKeyFile {
  /** Absolute. */
  path: string;
  /** For taking it out of whatever tailscale prints, and for nothing else. */
  key: string;
}

const sizeMost = 4_096;

/** How Tailscale's and Headscale's keys begin. */
const looksLikeKey = /^(tskey|hskey)-/;

/** @throws TroopError `key_file_invalid`, `usage` where the key itself was given */
export function readAuthKeyFile(text: string): AuthKeyFile {
  // It is on a command line already; it shall not be in a log too.
  if (looksLikeKey.test(text))
    throw new TroopError(
      "usage",
      "--auth-key-file takes the name of a file. What was given looks like the key itself, which everybody on this machine can read now: revoke it.",
      { details: { run: "troop mesh join --help" } },
    );
  const path = resolve(text);
  const word = shellWord(path);
  const refuse = (reason: string, run: string, cause?: unknown) =>
    new TroopError("key_file_invalid", `The auth key's file ${path} ${reason}`, {
      cause,
      details: { run },
    });
  let key: string;
  try {
    const { mode, size } = statSync(path);
    if (mode & 0o077) throw refuse("can be read by others.", `chmod 600 ${word}`);
    if (size > sizeMost) throw refuse("is too large for a key.", `ls -l ${word}`);
    key = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof TroopError) throw error;
    throw refuse("cannot be read.", `ls -l ${word}`, error);
  }
  if (!/^[\x21-\x7e]+$/.test(key))
    throw refuse("does not hold one key and nothing else.", `wc ${word}`);
  return { path, key };
}
