/** `troop service status`: which roles are services here, and how they are. */
import { existsSync } from "node:fs";
import { launchdDomain, systemctl } from "../../../host/service/plan.ts";
import { type ServiceRole, serviceRoles } from "../../../host/service/service.ts";
import {
  readLaunchdState,
  readSystemdState,
  type ServiceState,
  systemdProperties,
} from "../../../host/service/state.ts";
import type { CommandContext } from "../../context.ts";
import {
  askTimeoutMs,
  readRole,
  type ScopeFlags,
  serviceMachine,
  type ServiceMachine,
} from "./machine.ts";

export interface ServiceStatusFlags extends ScopeFlags {
  role?: string;
}

export async function serviceStatus(
  context: CommandContext,
  flags: ServiceStatusFlags,
): Promise<void> {
  const { output } = context;
  const roles = flags.role === undefined ? serviceRoles : [readRole(flags.role)];
  const found = await findServices(context, flags, roles);
  if (found.length === 0)
    output.say("No service is installed here. Try: troop service install --help");
  else
    output.table(
      ["service", "of", "state", "by itself", "process", "restarts"],
      found.map(({ name, scope, state, isEnabled, pid, restarts, exitCode }) => [
        ...[name, scope === "user" ? "you" : "the system"],
        exitCode ? `${state} (ended with ${exitCode})` : state,
        isEnabled ? "yes" : "no",
        pid?.toString() ?? "",
        restarts?.toString() ?? "",
      ]),
    );
  output.json({
    services: found.map(({ role, scope, name, state, isEnabled, pid, restarts, exitCode }) => ({
      ...{ role, scope, name, state, enabled: isEnabled },
      ...{ pid: pid ?? null, restarts: restarts ?? null, exit_code: exitCode ?? null },
    })),
  });
}

/** Those of the roles that are installed here, and how they are. */
export const findServices = (
  context: CommandContext,
  scope: ScopeFlags,
  roles: readonly ServiceRole[],
) =>
  Promise.all(
    machinesOf(context, scope).flatMap((machine) =>
      roles
        .filter((role) => isInstalled(machine, role))
        .map(async (role) => ({
          ...{ role, machine, scope: machine.scope, name: machine.paths(role).name },
          ...(await stateOf(machine, role, context.shutdown)),
        })),
    ),
  );

/** The scope that was named, or every one there is. */
function machinesOf(context: CommandContext, flags: ScopeFlags): ServiceMachine[] {
  if (flags.user || flags.system) return [serviceMachine(context, flags)];
  const own = serviceMachine(context, { user: true });
  return own.manager === "launchd" ? [own] : [serviceMachine(context, { system: true }), own];
}

export const isInstalled = (machine: ServiceMachine, role: ServiceRole): boolean =>
  existsSync(machine.paths(role).definition);

async function stateOf(
  { manager, scope, userId, run, paths }: ServiceMachine,
  role: ServiceRole,
  signal: AbortSignal,
): Promise<ServiceState> {
  const { name } = paths(role);
  if (manager === "launchd") {
    const target = `${launchdDomain(userId)}/${name}`;
    const told = await run(["launchctl", "print", target], askTimeoutMs, signal);
    return readLaunchdState(told.kind === "ended" && told.code === 0 ? told.stdout : undefined);
  }
  const property = `--property=${systemdProperties.join(",")}`;
  const told = await run([...systemctl(scope), "show", property, name], askTimeoutMs, signal);
  return readSystemdState(told.kind === "ended" ? told.stdout : "");
}
