/** What installing and removing a service does, as a list that can be shown before, or instead of, doing it. */
import { launchdPlist } from "./launchd-plist.ts";
import type { ServiceManager, ServicePaths, ServiceScope, ServiceSpec } from "./service.ts";
import { systemdUnit } from "./systemd-unit.ts";
import { environmentLine } from "./systemd-words.ts";

export type Command = readonly [program: string, ...words: string[]];

export type Step =
  | { kind: "folder"; path: string; mode: number }
  | { kind: "write"; path: string; mode: number; text: string; isSecret: boolean }
  | { kind: "remove"; path: string }
  /** `mayFail`: what it undoes may never have been done. */
  | { kind: "run"; command: Command; mayFail: boolean };

const run = (...command: Command): Step => ({ kind: "run", command, mayFail: false });
const tryToRun = (...command: Command): Step => ({ kind: "run", command, mayFail: true });

/** @param userId names the user's own launchd */
export function planInstall(manager: ServiceManager, spec: ServiceSpec, userId: number): Step[] {
  const { paths, scope } = spec;
  const folders = scope === "user" ? [spec.dataFolder, spec.cacheFolder] : [];
  const made = folders.map((path): Step => ({ kind: "folder", path, mode: 0o700 }));
  if (manager === "launchd") {
    const domain = launchdDomain(userId);
    return [
      ...made,
      write(paths.definition, launchdPlist(spec), 0o600, true),
      tryToRun("launchctl", "bootout", `${domain}/${paths.name}`),
      run("launchctl", "bootstrap", domain, paths.definition),
    ];
  }
  return [
    ...made,
    write(paths.environment!, environmentFile(spec), 0o600, true),
    write(paths.definition, systemdUnit(spec), 0o644, false),
    run(...systemctl(scope), "daemon-reload"),
    run(...systemctl(scope), "enable", paths.name),
    run(...systemctl(scope), "restart", paths.name),
  ];
}

/** Everything that `planInstall` made, but for data: the keys in it are an account. */
export function planUninstall(
  manager: ServiceManager,
  { scope, paths }: { scope: ServiceScope; paths: ServicePaths },
  userId: number,
): Step[] {
  if (manager === "launchd")
    return [
      tryToRun("launchctl", "bootout", `${launchdDomain(userId)}/${paths.name}`),
      { kind: "remove", path: paths.definition },
    ];
  return [
    tryToRun(...systemctl(scope), "disable", "--now", paths.name),
    { kind: "remove", path: paths.definition },
    { kind: "remove", path: paths.environment! },
    run(...systemctl(scope), "daemon-reload"),
    // A unit that had failed stays in its list otherwise.
    tryToRun(...systemctl(scope), "reset-failed", paths.name),
  ];
}

const write = (path: string, text: string, mode: number, isSecret: boolean): Step => ({
  ...{ kind: "write", path, text, mode, isSecret },
});

export const systemctl = (scope: ServiceScope): Command =>
  scope === "user" ? ["systemctl", "--user"] : ["systemctl"];

export const launchdDomain = (userId: number): string => `gui/${userId}`;

function environmentFile({ settings, secretFiles, scope }: ServiceSpec): string {
  // A system's service gets them from its manager, who may read them.
  const files = scope === "user" ? Object.entries(secretFiles) : [];
  const lines = [
    "# Settings of this service: docs/configuration.md. Restart it after a change.",
    ...Object.entries(settings).map(([name, value]) => environmentLine(name, value)),
    ...files.map(([name, file]) => environmentLine(`${name}_FILE`, file)),
  ];
  return `${lines.join("\n")}\n`;
}
