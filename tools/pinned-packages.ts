/** Packages that only some campaigns need: a folder's lock file pins them, and the cache holds them. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../src/host/folders.ts";

const files = ["package.json", "package-lock.json"];

interface Installing {
  say(text: string): void;
  /** What is done once to what was installed, in the folder it is given. */
  mend?(folder: string): Promise<void>;
}

/**
 * @param pins holds `package.json` and `package-lock.json`
 * @returns the folder whose `node_modules` are as the lock file says
 * @throws Error where they cannot be fetched
 */
export async function installPinned(
  pins: string,
  name: string,
  { say, mend }: Installing,
): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(join(pins, file)));
  const parent = cacheFolder(process.env);
  const folder = join(parent, `${name}-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  say(`  installing what ${name} needs`);
  await mkdir(parent, { recursive: true });
  const half = await mkdtemp(`${folder}-`);
  try {
    for (const file of files) await copyFile(join(pins, file), join(half, file));
    // Packages bring what they need ready made; their scripts are not run. Not `ci`, which refuses a lock file without
    // the packages of all platforms, and not every registry has those.
    const options = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
    await promisify(execFile)("npm", options, { cwd: half });
    await mend?.(half);
    // Whoever looks finds all of it or nothing.
    await rename(half, folder);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
