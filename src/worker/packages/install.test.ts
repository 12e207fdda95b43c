import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock as clock } from "../../base/clock.ts";
import { systemRandom as random } from "../../base/random.ts";
import { installPackages } from "./install.ts";
import { enginePackages } from "../engines/llama-cpp/platforms.ts";
import { npmEnvironment } from "./npm.ts";

let root: string;
let cacheFolder: string;
const parent = () => join(cacheFolder, "engines", "llama-cpp");

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "troop-install-"));
  cacheFolder = join(root, "cache");
});
afterEach(() => rm(root, { recursive: true }));

/** An npm on the PATH that runs `script` in the folder to install into. */
async function withNpm(script: string): Promise<NodeJS.ProcessEnv> {
  const folder = await mkdtemp(join(root, "bin-"));
  await writeFile(join(folder, "npm"), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, "npm"), 0o755);
  return { PATH: `${folder}:/usr/bin:/bin` };
}

const install = (env: NodeJS.ProcessEnv, signal = new AbortController().signal) => {
  const progress: number[] = [];
  const onProgress = (fraction: number) => void progress.push(fraction);
  return installPackages({
    packages: enginePackages("linux-x64"),
    ...{ cacheFolder, clock, random, env, signal, onProgress },
  }).then((folder) => ({ folder, progress }));
};
const works = '[ "$1" = view ] && exit 0; mkdir node_modules; echo "$@" > arguments';

test("an installed engine is used again without npm and without the network", async () => {
  const { folder, progress } = await install(await withNpm(works));
  expect(folder.startsWith(join(parent(), "linux-x64-"))).toBe(true);
  expect(progress.at(-1)).toBe(1);
  expect(progress.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
  expect(await install(await withNpm("exit 1"))).toEqual({ folder, progress: [] });
});

test("two that install at once both get the engine, and nothing else is left", async () => {
  const env = await withNpm(works);
  const both = await Promise.all([install(env), install(env)]);
  expect(both[0].folder).toBe(both[1].folder);
  expect(await readdir(parent())).toHaveLength(1);
});

test("without the network the refusal names the reason and the next command, and leaves nothing", async () => {
  const env = await withNpm('echo "npm error code ENOTFOUND" >&2; exit 1');
  await expect(install(env)).rejects.toMatchObject({
    code: "engine_unavailable",
    message: expect.stringMatching(/registry cannot be reached.*npm ping/),
    cause: expect.objectContaining({ message: "npm error code ENOTFOUND" }),
  });
  expect(await readdir(parent())).toEqual([]);
});

test("a failure halfway through is told in the same way, and leaves nothing", async () => {
  const env = await withNpm(
    '[ "$1" = view ] && exit 0; mkdir node_modules; echo "npm error code EINTEGRITY"; exit 1',
  );
  await expect(install(env)).rejects.toMatchObject({
    code: "engine_unavailable",
    message: expect.stringContaining("differs from the one that was locked"),
  });
  expect(await readdir(parent())).toEqual([]);
});

test("a cache folder that cannot be made is named", async () => {
  await writeFile(cacheFolder, "a file where the folder should be");
  await expect(install(await withNpm(works))).rejects.toMatchObject({
    code: "engine_unavailable",
    message: expect.stringContaining(cacheFolder),
  });
});

test("an install that is called off ends npm and leaves nothing", async () => {
  await mkdir(parent(), { recursive: true });
  const begun = new Promise<void>((resolve) => {
    const watcher = watch(root, (_, name) => {
      if (name !== "begun") return;
      watcher.close();
      resolve();
    });
  });
  const off = new AbortController();
  const env = await withNpm(`echo > ${join(root, "begun")}; exec sleep 600`);
  const installing = install(env, off.signal);
  await begun;
  const reason = new Error("called off");
  off.abort(reason);
  await expect(installing).rejects.toBe(reason);
  expect(await readdir(parent())).toEqual([]);
});

test("what a killed install left is not taken for an engine, and is removed once it is old", async () => {
  const old = join(parent(), ".installing-linux-x64-old");
  const recent = join(parent(), ".installing-linux-x64-recent");
  await mkdir(join(old, "node_modules"), { recursive: true });
  await mkdir(join(recent, "node_modules"), { recursive: true });
  const hours = clock.now() / 1_000 - 2 * 3_600;
  await utimes(old, hours, hours);
  const { folder } = await install(await withNpm(works));
  const left = await readdir(parent());
  expect(left.sort()).toEqual([".installing-linux-x64-recent", folder.slice(parent().length + 1)]);
});

test("npm is told how to reach the registry, and nothing that would change what is installed", () => {
  const network = {
    npm_config_registry: "https://mirror.example/",
    NPM_CONFIG_HTTPS_PROXY: "http://proxy:3128",
    "npm_config_//mirror.example/:_authToken": "t",
    npm_config_cache: "/cache",
  };
  const other = {
    npm_config_omit: "prod",
    npm_config_global: "true",
    npm_config_dry_run: "true",
    NPM_CONFIG_PREFIX: "/elsewhere",
    npm_package_name: "monkey-troop",
    npm_lifecycle_event: "start",
  };
  expect(npmEnvironment({ PATH: "/bin", ...network, ...other })).toEqual({
    PATH: "/bin",
    ...network,
  });
});
