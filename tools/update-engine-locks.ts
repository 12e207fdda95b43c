/**
 * Writes `engines/llama-cpp/<build>/package.json` and its lock anew from `platforms.ts`.
 * Run it after changing a version: `node tools/update-engine-locks.ts`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineBuilds } from "../src/worker/engines/llama-cpp/platforms.ts";

interface LockedPackage {
  version?: string;
  resolved?: string;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}

interface Lock {
  packages: Record<string, LockedPackage>;
}

const root = join(import.meta.dirname, "..", "engines", "llama-cpp");
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

for (const [name, { version }] of Object.entries(engineBuilds)) {
  const manifest = {
    name: `monkey-troop-engine-${name}`,
    version: "0.0.0",
    private: true,
    license: "MIT",
    dependencies: { [`@node-llama-cpp/${name}`]: version, "node-llama-cpp": version },
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
  mkdirSync(join(root, name), { recursive: true });
  write(join(root, name, "package.json"), manifest);
  write(join(root, name, "package-lock.json"), lock);
  rmSync(work, { recursive: true });
  console.log(`${name}: ${Object.keys(lock.packages).length - 1} packages`);
}
