/** `troop service uninstall`: takes back what `install` did. Data stays: the keys in it are an account. */
import { existsSync } from "node:fs";
import { carryOut } from "../../../host/service/carry-out.ts";
import { planUninstall } from "../../../host/service/plan.ts";
import { systemFolders } from "../../../host/service/service.ts";
import { shellWord } from "../../../host/shell-word.ts";
import type { CommandContext } from "../../context.ts";
import { show } from "./install.ts";
import { mustBeAllowed, readRole, type ScopeFlags, serviceMachine } from "./machine.ts";

export interface ServiceUninstallFlags extends ScopeFlags {
  role?: string;
  dryRun?: boolean;
}

export async function serviceUninstall(
  context: CommandContext,
  flags: ServiceUninstallFlags,
): Promise<void> {
  const { output, config, shutdown: signal } = context;
  const role = readRole(flags.role ?? "worker");
  const machine = serviceMachine(context, flags);
  const { manager, scope, userId, run } = machine;
  const paths = machine.paths(role);
  const steps = planUninstall(manager, { scope, paths }, userId);
  const facts = { role, manager, scope, name: paths.name };
  if (flags.dryRun) {
    for (const step of steps) show(output, step);
    return output.json({ ...facts, dry_run: true });
  }
  mustBeAllowed(machine);
  const isThere = [paths.definition, paths.environment].some(
    (path) => path !== undefined && existsSync(path),
  );
  if (!isThere) {
    output.say(
      `There is no ${paths.name} ${scope === "user" ? "of yours" : "of the system"} to remove.`,
    );
    output.note("See what is installed: troop service status");
    return output.json({ ...facts, removed: false });
  }
  output.note("Stopping; what it computes may take up to five minutes to finish.");
  await carryOut(steps, run, signal);
  const data = scope === "system" ? systemFolders.dataFolder : config.dataFolder;
  output.say(`Removed ${output.bold(paths.name)}.`);
  output.say(`Its data, and the account's key, stay in ${shellWord(data)}.`);
  output.json({ ...facts, removed: true });
}
