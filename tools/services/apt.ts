/** Sees to it that the programs are there: by apt where we are root on Debian, else by saying what to install. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Requirement } from "./programs.ts";

const osRelease = "/etc/os-release";
const clusterSettings = "/etc/postgresql-common/createcluster.conf";
const startPolicy = "/usr/sbin/policy-rc.d";

/** Rejects with a message for the person at the terminal. */
export function provide(requirements: readonly Requirement[]): void {
  const missing = requirements.filter((requirement) => requirement.find() === undefined);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isDebian()) throw new Error(whatToInstall(missing));
  installPackages(missing.flatMap(({ packages }) => packages));
  const stillMissing = requirements.filter((requirement) => requirement.find() === undefined);
  if (stillMissing.length > 0) throw new Error(whatToInstall(stillMissing));
}

export function whatToInstall(missing: readonly Requirement[]): string {
  const packages = missing.flatMap((requirement) => requirement.packages).join(" ");
  return [
    "The tests need these programs, which this machine does not have:",
    ...missing.map(({ name }) => `  - ${name}`),
    `On Debian 12: sudo apt-get install --no-install-recommends ${packages}`,
    "Elsewhere: the packages of the same programs. The tests start servers of their own and use no running one.",
  ].join("\n");
}

const isDebian = () =>
  existsSync("/usr/bin/apt-get") &&
  existsSync(osRelease) &&
  /^ID=debian$/m.test(readFileSync(osRelease, "utf8"));

function installPackages(packages: readonly string[]): void {
  process.stderr.write(`installing ${packages.join(" ")}\n`);
  forbidDefaultCluster();
  using _ = forbidServiceStart();
  // The lists may be absent or out of date, and a mirror keeps no superseded version: always update first.
  aptGet(["update", "-qq"]);
  // An existing settings file of ours must not make dpkg ask a question that nobody answers.
  const keepFiles = [
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
  ];
  aptGet(["install", "-y", "-qq", "--no-install-recommends", ...keepFiles, ...packages]);
}

function aptGet(options: readonly string[]): void {
  // Another apt may be at work, such as a machine's daily update.
  const patience = ["-o", "DPkg::Lock::Timeout=300"];
  const result = spawnSync("/usr/bin/apt-get", [...patience, ...options], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (result.status === 0) return;
  throw new Error(`apt-get ${options.join(" ")} failed\n${result.stderr}`, { cause: result.error });
}

/** Debian's package makes and starts a cluster on 5432; the tests want none. An administrator's setting stands. */
function forbidDefaultCluster(): void {
  if (existsSync(clusterSettings)) return;
  mkdirSync("/etc/postgresql-common", { recursive: true });
  writeFileSync(clusterSettings, "create_main_cluster = false\n");
}

/** While packages are unpacked, Debian's own switch keeps their services from starting (exit 101: forbidden). */
function forbidServiceStart(): Disposable {
  if (existsSync(startPolicy)) return { [Symbol.dispose]() {} };
  writeFileSync(startPolicy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  return { [Symbol.dispose]: () => rmSync(startPolicy) };
}
