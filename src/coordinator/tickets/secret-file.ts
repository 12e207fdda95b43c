/** A secret in a file that only its owner can read, made on first use. */
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { Random } from "../../base/random.ts";
import { shellWord } from "../../host/shell-word.ts";
import { TroopError } from "../../protocol/error-codes.ts";

/**
 * Reads `path`, or writes what `make` returns there. Written whole or not at all, and never over what is there.
 * @throws TroopError `key_file_invalid`
 */
export async function loadSecret(
  path: string,
  make: () => Promise<string>,
  random: Random,
): Promise<string> {
  try {
    const existing = readSecretFile(path);
    if (existing !== undefined) return existing;
    const draft = `${path}.${random.uuid()}`;
    try {
      writeFileSync(draft, await make(), { mode: 0o600, flush: true });
      linkSync(draft, path);
    } catch (error) {
      // Somebody else was first: theirs counts.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    return readSecretFile(path)!;
  } catch (error) {
    if (error instanceof TroopError) throw error;
    throw new TroopError("key_file_invalid", `The key file ${path} cannot be read or written.`, {
      cause: error,
    });
  }
}

/** What is in `path`; undefined where it does not exist. @throws TroopError `key_file_invalid` */
export function readSecretFile(path: string): string | undefined {
  try {
    if (statSync(path).mode & 0o077)
      throw new TroopError("key_file_invalid", `The key file ${path} can be read by others.`, {
        details: { run: `chmod 600 ${shellWord(path)}` },
      });
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
