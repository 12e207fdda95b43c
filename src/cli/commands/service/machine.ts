/** Where services are installed: which manager runs them, for whom, and whether it is there. */
import { homedir } from "node:os";
import { join } from "node:path";
import { createRunProgram, type RunProgram } from "../../../host/run-program.ts";
import { systemctl } from "../../../host/service/plan.ts";
import {
  type ServiceManager,
  servicePaths,
  type ServicePaths,
  type ServiceRole,
  serviceRoles,
  type ServiceScope,
} from "../../../host/service/service.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { CommandContext } from "../../context.ts";
import { again } from "../../typed-command.ts";

export interface ScopeFlags {
  user?: boolean;
  system?: boolean;
}

export interface ServiceMachine {
  manager: ServiceManager;
  scope: ServiceScope;
  userId: number;
  run: RunProgram;
  paths(role: ServiceRole): ServicePaths;
}

export const askTimeoutMs = 10_000;

/** @throws TroopError `usage`, `service_failed` where this system has no manager that we know */
export function serviceMachine(
  context: Pick<CommandContext, "environment" | "clock">,
  { user, system }: ScopeFlags,
): ServiceMachine {
  const { environment, clock } = context;
  if (user && system)
    throw new TroopError("usage", "A service is the user's (--user) or the system's (--system).");
  const manager = managerOf(process.platform);
  const userId = process.getuid?.() ?? 0;
  const scope = system || (!user && userId === 0) ? "system" : "user";
  if (manager === "launchd" && scope === "system")
    throw new TroopError("usage", "On a Mac a service is its user's: --user, and not as root.");
  const home = homedir();
  const configFolder = environment.XDG_CONFIG_HOME || join(home, ".config");
  return {
    ...{ manager, scope, userId, run: createRunProgram(environment, clock) },
    paths: (role) => servicePaths(manager, role, scope, { home, configFolder }),
  };
}

function managerOf(platform: NodeJS.Platform): ServiceManager {
  if (platform === "linux") return "systemd";
  if (platform === "darwin") return "launchd";
  throw new TroopError("service_failed", "Services are for systemd (Linux) and launchd (macOS).", {
    details: { run: "troop worker" },
  });
}

/** @throws TroopError `usage` */
export function readRole(text: string): ServiceRole {
  const role = serviceRoles.find((known) => known === text);
  if (role) return role;
  throw new TroopError(
    "usage",
    `There is no role ${JSON.stringify(text)}: worker, coordinator, up.`,
  );
}

/** @throws TroopError `usage` where only root may do it */
export function mustBeAllowed({ scope, userId }: ServiceMachine): void {
  if (scope === "user" || userId === 0) return;
  throw new TroopError("usage", "Only root changes services of the whole system.", {
    details: { run: `sudo ${again}` },
  });
}

/** Whether the manager answers. */
export async function isManaged(
  { manager, scope, run }: ServiceMachine,
  signal: AbortSignal,
): Promise<boolean> {
  if (manager === "launchd") return true;
  const told = await run([...systemctl(scope), "is-system-running"], askTimeoutMs, signal);
  // It ends with 1 for one that is "degraded", and says "offline" where another program is the first process.
  return (
    told.kind === "ended" &&
    /^(running|degraded|starting|initializing|maintenance)/.test(told.stdout)
  );
}
