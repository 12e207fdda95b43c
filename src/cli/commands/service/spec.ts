/** What is to be installed: the role with the settings, folders and program of whoever asks for it. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { packageFolder } from "../../../host/package.ts";
import { systemctl } from "../../../host/service/plan.ts";
import { closedToOthers } from "../../../host/service/readable-by-all.ts";
import {
  type ServiceRole,
  type ServiceSpec,
  systemFolders,
} from "../../../host/service/service.ts";
import { carriedSettings, settingNames } from "../../../host/service/settings.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { type CommandContext, coordinatorUrl } from "../../context.ts";
import { askTimeoutMs, type ServiceMachine } from "./machine.ts";
import { roleWords } from "./role-words.ts";

export interface InstallFlags {
  data?: string;
  /** Flags of the role, behind `--`. */
  flags?: string[];
}

/** @throws TroopError `usage`, `configuration_invalid` */
export async function serviceSpec(
  context: CommandContext,
  machine: ServiceMachine,
  role: ServiceRole,
  { data, flags = [] }: InstallFlags,
  isThere: boolean,
): Promise<ServiceSpec> {
  const { environment, config } = context;
  const { scope } = machine;
  if (scope === "system" && data !== undefined)
    throw new TroopError(
      "usage",
      `A system's service keeps its data in ${systemFolders.dataFolder}.`,
    );
  const words = roleWords(role, flags);
  const example = readFileSync(join(packageFolder, ".env.example"), "utf8");
  const { settings, secretFiles } = carriedSettings(environment, settingNames(example, role));
  if (role !== "coordinator") settings["COORDINATOR_URL"] = coordinatorUrl(context);
  checkPlace(packageFolder);
  const program = [process.execPath, join(packageFolder, "bin", "troop.mjs")] as const;
  if (scope === "system") checkProgram(program);
  const folders =
    scope === "system"
      ? systemFolders
      : { dataFolder: resolve(config.dataFolder), cacheFolder: resolve(config.cacheFolder) };
  return {
    ...{ role, scope, paths: machine.paths(role), program, words, settings, secretFiles },
    ...folders,
    groups: existingGroups(["render", "video"]),
    systemdVersion: await systemdVersion(machine, context.shutdown),
    hasNamespaces: scope === "system" || !isThere || (await canShutIn(machine, context.shutdown)),
  };
}

/** @throws TroopError `configuration_invalid` where npm may remove the program at any time */
export function checkPlace(folder: string): void {
  if (!/[/\\]_npx[/\\]/.test(folder)) return;
  throw new TroopError(
    "configuration_invalid",
    "A service cannot run from the cache of npx, which npm empties as it likes.",
    { details: { run: "npm install --global monkey-troop" } },
  );
}

function checkProgram(program: readonly string[]): void {
  for (const file of program) {
    const closed = closedToOthers(file);
    if (closed === undefined) continue;
    throw new TroopError(
      "configuration_invalid",
      `A system's service runs as nobody in particular, who cannot get past ${closed} to ${file}.`,
      { details: { run: "sudo npm install --global monkey-troop" } },
    );
  }
}

function existingGroups(names: readonly string[]): string[] {
  try {
    const groups = readFileSync("/etc/group", "utf8").split("\n");
    return names.filter((name) => groups.some((line) => line.startsWith(`${name}:`)));
  } catch {
    return [];
  }
}

async function systemdVersion(
  { manager, scope, run }: ServiceMachine,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (manager !== "systemd") return undefined;
  const told = await run([...systemctl(scope), "--version"], askTimeoutMs, signal);
  const version = told.kind === "ended" ? /^systemd (\d+)/.exec(told.stdout)?.[1] : undefined;
  return version === undefined ? undefined : Number(version);
}

/** Some kernels and distributions keep user namespaces from users; a unit that asks for them would not start there. */
async function canShutIn(machine: ServiceMachine, signal: AbortSignal): Promise<boolean> {
  if (machine.manager !== "systemd") return false;
  const options = [
    "PrivateUsers=yes",
    "ProtectSystem=strict",
    "PrivateTmp=yes",
    "CapabilityBoundingSet=",
  ].flatMap((option) => ["-p", option]);
  const told = await machine.run(
    ["systemd-run", "--user", "--wait", "--collect", "--quiet", ...options, "true"],
    askTimeoutMs,
    signal,
  );
  return told.kind === "ended" && told.code === 0;
}
