/** Runs every check. One that breaks says so and stops no other. */
import type { CommandContext } from "../../context.ts";
import { checkAccount } from "./account.ts";
import { checkClock } from "./clock.ts";
import { checkCoordinator } from "./coordinator.ts";
import { type Desk, openDesk } from "./desk.ts";
import { checkDisk } from "./disk.ts";
import { checkEngines } from "./engines.ts";
import { checkExposure } from "./exposure.ts";
import { type CheckName, checkNames, type Finding, type Found, problem } from "./finding.ts";
import { checkGpus } from "./gpu.ts";
import { checkMesh } from "./mesh.ts";
import { checkNode } from "./node.ts";
import { checkPermissions } from "./permissions.ts";
import { checkPorts } from "./ports.ts";
import { checkRoles } from "./roles.ts";
import { checkSettings } from "./settings.ts";

type Check = (desk: Desk) => Found[] | Promise<Found[]>;

const checks: Readonly<Record<CheckName, Check>> = {
  node: checkNode,
  clock: checkClock,
  coordinator: checkCoordinator,
  account: checkAccount,
  engines: checkEngines,
  exposure: checkExposure,
  gpu: checkGpus,
  mesh: checkMesh,
  disk: checkDisk,
  permissions: checkPermissions,
  settings: checkSettings,
  ports: checkPorts,
  roles: checkRoles,
};

/** In the order of `checkNames`. */
export async function examine(context: CommandContext): Promise<Finding[]> {
  const desk = await openDesk(context);
  const found = await Promise.all(
    checkNames.map(async (check) => {
      const findings = await attempt(checks[check], desk);
      return findings.map((finding): Finding => ({ check, ...finding }));
    }),
  );
  context.shutdown.throwIfAborted();
  return found.flat();
}

async function attempt(check: Check, desk: Desk): Promise<Found[]> {
  try {
    return await check(desk);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const cause = `This could not be looked at: ${reason}`;
    return [{ ...problem("check_failed", cause, "troop bugreport"), isPrivate: true }];
  }
}
