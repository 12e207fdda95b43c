/**
 * Writes `engines/<family>/<name>/package.json` and its lock anew, of llama.cpp's builds and of what drives a GPU.
 * Run it after changing a version: `node tools/update-engine-locks.ts`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineBuilds } from "../src/worker/engines/llama-cpp/platforms.ts";
import { webGpuPackages } from "../src/worker/proof/webgpu/package.ts";

interface LockedPackage {
  version?: string;
  resolved?: string;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}

interface Lock {
  packages: Record<string, LockedPackage>;
}

const root = join(import.meta.dirname, "..", "engines");
const write = (path: string, value: unknown) =>
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

/**
 * Every optional dependency is taken out, not merely omitted at install: `npm ci` compares the lock with
 * the whole tree and refuses it for the platforms that the registry lacks, and the binary of the wanted
 * platform is a direct dependency anyway. Addresses go too, so that a mirror is as good as the registry.
 */
function strip(lock: Lock): Lock {
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (entry.optional) delete lock.packages[path];
    delete entry.optionalDependencies;
    delete entry.resolved;
  }
  return lock;
}

function writeLock(family: string, name: string, dependencies: Record<string, string>): void {
  const manifest = {
    name: `monkey-troop-engine-${name}`,
    version: "0.0.0",
    private: true,
    license: "MIT",
    dependencies,
  };
  const work = mkdtempSync(join(tmpdir(), "engine-lock-"));
  write(join(work, "package.json"), manifest);
  const npm = [
    "install",
    "--package-lock-only",
    "--ignore-scripts",
    "--omit=optional",
    "--force",
    "--no-audit",
  ];
  execFileSync("npm", npm, { cwd: work, stdio: "inherit" });
  const lock = strip(JSON.parse(readFileSync(join(work, "package-lock.json"), "utf8")) as Lock);
  const folder = join(root, family, name);
  mkdirSync(folder, { recursive: true });
  write(join(folder, "package.json"), manifest);
  write(join(folder, "package-lock.json"), lock);
  rmSync(work, { recursive: true });
  console.log(`${family}/${name}: ${Object.keys(lock.packages).length - 1} packages`);
}

const { family, name, main } = webGpuPackages;
writeLock(family, name, { [main.name]: main.version });
for (const [build, { version }] of Object.entries(engineBuilds))
  writeLock("llama-cpp", build, {
    [`@node-llama-cpp/${build}`]: version,
    "node-llama-cpp": version,
  });
