/**
 * Puts npm packages that only some machines need into the cache folder: engines, and what drives a GPU.
 *
 * npm installs into a sibling folder of our own, which is then renamed: the final folder exists whole or not
 * at all, after SIGKILL too. Of two processes that install at once the first to rename wins, and the other
 * takes the winner's. The name holds the lock's hash, so a newer version never meets an older one's files.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sleep, type Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { findNpm, npmCi, npmReaches, type NpmOutcome } from "./npm.ts";

/** What is left by killed installs is removed once nobody can still be writing to it. */
const staleMs = 60 * 60 * 1_000;
const progressMs = 200;

/** @param fraction 0…1, estimated @param text what is happening, for a person */
export type Progress = (fraction: number, text: string) => void;

/** A lock of ours, which names everything that is installed. */
export interface LockedPackages {
  /** The folder of the lock, below `engines/` of this package and of the cache folder. */
  family: string;
  /** The lock's own folder in there. */
  name: string;
  /** What it is, as the beginning of a sentence. */
  title: string;
  /** The package that the registry is asked for first. */
  main: { name: string; version: string };
  /** Bytes on disk once installed: npm reports no progress, so it is estimated against this. */
  installedBytes: number;
}

export interface InstallOptions {
  packages: LockedPackages;
  cacheFolder: string;
  clock: Clock;
  random: Random;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  onProgress: Progress;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** In `engines/` of this package: beside `src/` when run from source, beside `dist/` when from npm. */
async function lockFolder({ family, name }: LockedPackages): Promise<string> {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, "engines", family, name);
    if (await exists(join(candidate, "package-lock.json"))) return candidate;
    if (dirname(folder) === folder)
      throw new Error(`engines/${family}/${name} is missing from this package`);
  }
}

/** Bytes of all files below `folder`; what vanishes meanwhile counts as nothing. */
async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}

async function reportProgress(folder: string, options: InstallOptions, done: AbortSignal) {
  const { clock, packages, onProgress } = options;
  const total = packages.installedBytes;
  while (!done.aborted) {
    const bytes = await folderBytes(folder);
    if (done.aborted) return;
    const megabytes = `${Math.round(bytes / 1e6)} of about ${Math.round(total / 1e6)} MB`;
    onProgress(Math.min(bytes / total, 0.99), `${packages.name}, ${megabytes}`);
    await sleep(clock, progressMs, done);
  }
}

async function removeStale(parent: string, clock: Clock): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(".installing-")) continue;
    const age = await stat(join(parent, name)).then(
      ({ mtimeMs }) => clock.now() - mtimeMs,
      () => 0,
    );
    if (age > staleMs) await rm(join(parent, name), { recursive: true, force: true });
  }
}

/** One reason per failure, taken from npm's own code. */
function reason(output: string): string {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(output))
    return "the npm registry cannot be reached";
  if (/ENOSPC/.test(output)) return "the disk is full";
  if (/EACCES|EPERM|EROFS|ENOTDIR|EEXIST/.test(output)) return "the cache folder cannot be written";
  if (/EINTEGRITY/.test(output)) return "a package differs from the one that was locked";
  return "npm could not install it";
}

async function runNpm(folder: string, options: InstallOptions): Promise<void> {
  const { packages, env, signal } = options;
  const npm = await findNpm(env);
  if (!npm) {
    throw new TroopError(
      "engine_unavailable",
      `${packages.title} is fetched with npm, and there is no npm on this machine. Install it, then run the same command again.`,
    );
  }
  const call = { npm, folder, env, signal };
  const check = ({ succeeded, output }: NpmOutcome) => {
    if (succeeded) return;
    throw new TroopError(
      "engine_unavailable",
      `${packages.title} was not installed: ${reason(output)}. Check with "npm ping", then run the same command again.`,
      { cause: new Error(output) },
    );
  };
  check(await npmReaches(call, packages.main.name, packages.main.version));
  const done = new AbortController();
  const reporting = reportProgress(folder, options, done.signal);
  try {
    check(await npmCi(call));
  } finally {
    done.abort();
    await reporting;
  }
}

/**
 * The folder whose `node_modules` are what the lock names, installing them where they are missing.
 * Needs the network only then. Rejects with `engine_unavailable`.
 */
export async function installPackages(options: InstallOptions): Promise<string> {
  const { packages, cacheFolder, clock, random, signal, onProgress } = options;
  const { family, name, title } = packages;
  const source = await lockFolder(packages);
  const lock = await readFile(join(source, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex").slice(0, 16);
  const parent = join(cacheFolder, "engines", family);
  const folder = join(parent, `${name}-${hash}`);
  if (await exists(folder)) return folder;

  const temporary = join(parent, `.installing-${name}-${random.uuid()}`);
  try {
    await mkdir(temporary, { recursive: true });
    await removeStale(parent, clock);
    await checkSpace(parent, options);
    await cp(source, temporary, { recursive: true });
    await runNpm(temporary, options);
    await rename(temporary, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
    onProgress(1, `${name}, installed`);
    return folder;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TroopError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw new TroopError(
      "engine_unavailable",
      `${title} was not installed in ${parent}: ${reason(code)}. Free it or choose another cache folder, then run the same command again.`,
      { cause: error },
    );
  } finally {
    // What cannot be removed now is stale in an hour; it must not hide why the install failed.
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
  }
}

async function checkSpace(parent: string, { packages }: InstallOptions): Promise<void> {
  const { bavail, bsize } = await statfs(parent);
  const needed = 1.5 * packages.installedBytes;
  if (bavail * bsize >= needed) return;
  throw new TroopError(
    "engine_unavailable",
    `${packages.title} needs ${Math.round(needed / 1e6)} MB in ${parent} and the disk is full. Free some space, then run the same command again.`,
  );
}
