/** What a service of ours is: which role, for whom, run by what, and where its files lie. */
import { join } from "node:path";

export const serviceRoles = ["worker", "coordinator", "up"] as const;
export type ServiceRole = (typeof serviceRoles)[number];

/** `system`: from the start of the machine, as nobody in particular; `user`: as whoever installs it. launchd: `user`. */
export type ServiceScope = "system" | "user";
export type ServiceManager = "systemd" | "launchd";

export interface ServicePaths {
  /** What the manager calls it. */
  name: string;
  /** The unit, or the property list. */
  definition: string;
  /** Holds the settings, which may be secret; launchd knows none, and has them in its property list. */
  environment: string | undefined;
}

/**
 * @param home the user's home folder
 * @param configFolder the user's folder for settings, `~/.config` as a rule
 */
export function servicePaths(
  manager: ServiceManager,
  role: ServiceRole,
  scope: ServiceScope,
  { home, configFolder }: { home: string; configFolder: string },
): ServicePaths {
  if (manager === "launchd") {
    const name = `monkey-troop.${role}`;
    const definition = join(home, "Library", "LaunchAgents", `${name}.plist`);
    return { name, definition, environment: undefined };
  }
  const name = `troop-${role}.service`;
  const [units, settings] =
    scope === "system"
      ? ["/etc/systemd/system", "/etc"]
      : [join(configFolder, "systemd", "user"), configFolder];
  return {
    name,
    definition: join(units, name),
    environment: join(settings, "monkey-troop", `${role}.env`),
  };
}

export interface ServiceSpec {
  role: ServiceRole;
  scope: ServiceScope;
  paths: ServicePaths;
  /** Node and our launcher, absolute. */
  program: readonly [node: string, launcher: string];
  /** Flags of the role; never secrets: every account on the machine reads command lines. */
  words: readonly string[];
  settings: Readonly<Record<string, string>>;
  /** Files that hold secrets, by the setting whose `_FILE` names them. */
  secretFiles: Readonly<Record<string, string>>;
  dataFolder: string;
  cacheFolder: string;
  /** Groups that GPU devices belong to, where they exist. */
  groups: readonly string[];
  /** Whether the manager can give a process namespaces of its own. */
  hasNamespaces: boolean;
  /** The manager's own; undefined where it is not known. */
  systemdVersion: number | undefined;
}

/** Where a service of the whole machine keeps its things: systemd makes the folders for it. */
export const systemFolders = {
  dataFolder: "/var/lib/monkey-troop",
  cacheFolder: "/var/cache/monkey-troop",
} as const;
