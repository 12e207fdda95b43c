/** Checks and identifies a GGUF file before anything is downloaded or loaded for it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../../base/random.ts";
import { TroopError } from "../../../protocol/error-codes.ts";

/** llama.cpp reads versions 2 and 3; version 1 is older than its oldest supported file. */
const versions = new Set([2, 3]);

/** Throws `model_not_found` or `model_invalid`, with the reason and what to do. Returns the size in bytes. */
export async function checkModelFile(path: string): Promise<number> {
  const notFound = (reason: string, cause: unknown) =>
    new TroopError(
      "model_not_found",
      `The model file ${path} ${reason}. Pass the path of a GGUF file: --model FILE.gguf`,
      { cause },
    );
  const invalid = (reason: string) =>
    new TroopError(
      "model_invalid",
      `The model file ${path} ${reason}. Pass a GGUF file (version 2 or 3): --model FILE.gguf`,
    );
  try {
    if ((await stat(path)).isDirectory()) throw invalid("is a folder");
    await using file = await open(path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    if (bytesRead < 8 || buffer.toString("latin1", 0, 4) !== "GGUF")
      throw invalid("is not in the GGUF format");
    const version = buffer.readUInt32LE(4);
    if (!versions.has(version)) throw invalid(`has GGUF version ${version}`);
    return (await file.stat()).size;
  } catch (error) {
    if (error instanceof TroopError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw notFound(code === "ENOENT" ? "does not exist" : "cannot be read", error);
  }
}

/**
 * `sha256:<hex>` of the file. Remembered in the cache folder, because tens of gigabytes take a minute;
 * a file of another size, time or inode is read again.
 */
export async function modelDigest(
  path: string,
  { cacheFolder, random, signal }: { cacheFolder: string; random: Random; signal: AbortSignal },
): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path);
  const name = createHash("sha256").update(`${path} ${size} ${mtimeMs} ${ino}`).digest("hex");
  const folder = join(cacheFolder, "digests");
  const known = await readFile(join(folder, name), "utf8").catch(() => "");
  if (/^sha256:[0-9a-f]{64}$/.test(known)) return known;

  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 }))
    hash.update(chunk as Buffer);
  const digest = `sha256:${hash.digest("hex")}`;
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${random.uuid()}`);
  await writeFile(temporary, digest);
  await rename(temporary, join(folder, name));
  return digest;
}
