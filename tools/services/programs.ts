/** Which programs the tests need beside Node, where to find them, and the Debian packages that bring them. */
import { accessSync, constants, existsSync, readdirSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

export interface Requirement {
  name: string;
  /** Path of the program, or `undefined` where it is not installed. */
  find(): string | undefined;
  /** Debian 12 packages; a further need of the tests is a further row. */
  packages: readonly string[];
}

const searchPath = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin"];

const isExecutable = (path: string) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const findProgram = (...names: string[]) =>
  names
    .flatMap((name) => searchPath.map((folder) => join(folder, name)))
    .find((path) => isExecutable(path));

/** Debian keeps server programs out of PATH, one folder per major version. */
function findPostgres(): string | undefined {
  const root = "/usr/lib/postgresql";
  const preferred = (major: string) => (major === "15" ? Infinity : Number(major));
  let majors: string[] = [];
  try {
    majors = readdirSync(root).filter((major) => Number(major) >= 15);
  } catch {
    // Not Debian, or not installed.
  }
  return majors
    .sort((a, b) => preferred(b) - preferred(a))
    .map((major) => join(root, major, "bin", "postgres"))
    .concat(findProgram("postgres") ?? [])
    .find((path) => isExecutable(path));
}

/** Playwright brings no browser here: npm runs no install scripts, and Debian's gets security updates. */
function findChromium(): string | undefined {
  const chosen = process.env["CHROME"];
  if (chosen) return chosen;
  return findProgram(
    "chromium-headless-shell",
    "chromium",
    "google-chrome",
    "google-chrome-stable",
  );
}

/**
 * What a GPU's driver would be: the processor, by Vulkan. Browsers bring SwiftShader along, with a loader of their own
 * beside it. Debian 12's lavapipe is too old for Dawn.
 */
function findSoftwareGpu(): string | undefined {
  const chromium = findChromium();
  return [...(chromium ? [dirname(realpathSync(chromium))] : []), "/usr/lib/chromium"]
    .map((folder) => join(folder, "vk_swiftshader_icd.json"))
    .find((path) => existsSync(path) && existsSync(join(dirname(path), "libvulkan.so.1")));
}

export const programs = {
  postgres: { name: "PostgreSQL 15 server", find: findPostgres, packages: ["postgresql-15"] },
  // The demo prints a curl line, and a test pastes it.
  curl: { name: "curl", find: () => findProgram("curl"), packages: ["curl"] },
  // Tests of TLS have an authority of their own.
  openssl: { name: "openssl", find: () => findProgram("openssl"), packages: ["openssl"] },
  // Some tests need machines on separate networks.
  ip: { name: "ip", find: () => findProgram("ip"), packages: ["iproute2"] },
  // The units that `troop service install` writes are judged by systemd's own tool.
  systemd: {
    name: "systemd-analyze",
    find: () => findProgram("systemd-analyze"),
    packages: ["systemd"],
  },
  // The differences that `troop launch --dry-run` shows are tried with it.
  patch: { name: "patch", find: () => findProgram("patch"), packages: ["patch"] },
  redis: {
    name: "Redis server",
    find: () => findProgram("redis-server", "valkey-server"),
    packages: ["redis-server"],
  },
  chromium: {
    name: "headless Chromium",
    find: findChromium,
    packages: ["chromium-headless-shell", "fonts-liberation"],
  },
  // Proofs of hardware are computed on it: the same bits as on a GPU.
  softwareGpu: {
    name: "SwiftShader, which comes with Chromium",
    find: findSoftwareGpu,
    packages: ["chromium-common"],
  },
} satisfies Record<string, Requirement>;

/** The path of a program that `provide` has seen to. */
export function pathOf(requirement: Requirement): string {
  const path = requirement.find();
  if (path === undefined) throw new Error(`${requirement.name} is not installed`);
  return path;
}
