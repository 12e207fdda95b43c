/**
 * Puts one build of llama.cpp into the cache folder.
 *
 * npm installs into a sibling folder of our own, which is then renamed: the final folder exists whole or not
 * at all, after SIGKILL too. Of two processes that install at once the first to rename wins, and the other
 * takes the winner's. The name holds the lock's hash, so a newer version never meets an older one's files.
 */
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sleep, type Clock } from "../../../base/clock.ts";
import type { Random } from "../../../base/random.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { findNpm, npmCi, npmReaches, type NpmOutcome } from "./npm.ts";
import { engineBuilds, type BuildName } from "./platforms.ts";

/** What is left by killed installs is removed once nobody can still be writing to it. */
const staleMs = 60 * 60 * 1_000;
const progressMs = 200;

/** @param fraction 0…1, estimated @param text what is happening, for a person */
export type Progress = (fraction: number, text: string) => void;

export interface InstallOptions {
  build: BuildName;
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

/** `engines/llama-cpp/` of this package: beside `src/` when run from source, beside `dist/` when from npm. */
async function locksFolder(): Promise<string> {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, "engines", "llama-cpp");
    if (await exists(join(candidate, "linux-x64", "package-lock.json"))) return candidate;
    if (dirname(folder) === folder)
      throw new Error("engines/llama-cpp is missing from this package");
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
  const { clock, build, onProgress } = options;
  const total = engineBuilds[build].installedBytes;
  while (!done.aborted) {
    const bytes = await folderBytes(folder);
    if (done.aborted) return;
    const megabytes = `${Math.round(bytes / 1e6)} of about ${Math.round(total / 1e6)} MB`;
    onProgress(Math.min(bytes / total, 0.99), `${build}, ${megabytes}`);
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
  const { build, env, signal } = options;
  const npm = await findNpm(env);
  if (!npm) {
    throw new TroopError(
      "engine_unavailable",
      `The built-in engine (${build}) is fetched with npm, and there is no npm on this machine. Install it, then run the same command again.`,
    );
  }
  const call = { npm, folder, env, signal };
  const check = ({ succeeded, output }: NpmOutcome) => {
    if (succeeded) return;
    throw new TroopError(
      "engine_unavailable",
      `The built-in engine (${build}) was not installed: ${reason(output)}. Check with "npm ping", then run the same command again.`,
      { cause: new Error(output) },
    );
  };
  check(await npmReaches(call, "node-llama-cpp", engineBuilds[build].version));
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
 * The folder that `node-llama-cpp` of this build can be imported from, installing it where it is missing.
 * Needs the network only then. Rejects with `engine_unavailable`.
 */
export async function installEngine(options: InstallOptions): Promise<string> {
  const { build, cacheFolder, clock, random, signal, onProgress } = options;
  const source = join(await locksFolder(), build);
  const lock = await readFile(join(source, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex").slice(0, 16);
  const parent = join(cacheFolder, "engines", "llama-cpp");
  const folder = join(parent, `${build}-${hash}`);
  if (await exists(folder)) return folder;

  const temporary = join(parent, `.installing-${build}-${random.uuid()}`);
  try {
    await mkdir(temporary, { recursive: true });
    await removeStale(parent, clock);
    await checkSpace(parent, options);
    await cp(source, temporary, { recursive: true });
    await runNpm(temporary, options);
    await rename(temporary, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
    onProgress(1, `${build}, installed`);
    return folder;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TroopError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw new TroopError(
      "engine_unavailable",
      `The built-in engine (${build}) was not installed in ${parent}: ${reason(code)}. Free it or choose another cache folder, then run the same command again.`,
      { cause: error },
    );
  } finally {
    // What cannot be removed now is stale in an hour; it must not hide why the install failed.
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
  }
}

async function checkSpace(parent: string, { build }: InstallOptions): Promise<void> {
  const { bavail, bsize } = await statfs(parent);
  const needed = 1.5 * engineBuilds[build].installedBytes;
  if (bavail * bsize >= needed) return;
  throw new TroopError(
    "engine_unavailable",
    `The built-in engine (${build}) needs ${Math.round(needed / 1e6)} MB in ${parent} and the disk is full. Free some space, then run the same command again.`,
  );
}
