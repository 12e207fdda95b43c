/** `troop service install`: makes a role start by itself, and again when it fails. */
import { isSecretSetting } from "../../../host/secret-settings.ts";
import { carryOut, commandLine } from "../../../host/service/carry-out.ts";
import { planInstall, type Step } from "../../../host/service/plan.ts";
import type { ServiceSpec } from "../../../host/service/service.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { CommandContext } from "../../context.ts";
import { again } from "../../typed-command.ts";
import { isManaged, mustBeAllowed, readRole, type ScopeFlags, serviceMachine } from "./machine.ts";
import { type InstallFlags, serviceSpec } from "./spec.ts";

export interface ServiceInstallFlags extends ScopeFlags, InstallFlags {
  role?: string;
  dryRun?: boolean;
}

export async function serviceInstall(
  context: CommandContext,
  flags: ServiceInstallFlags,
): Promise<void> {
  const { output, shutdown: signal } = context;
  const role = readRole(flags.role ?? "worker");
  const machine = serviceMachine(context, flags);
  const { manager, scope, userId } = machine;
  if (!flags.dryRun) mustBeAllowed(machine);
  const isThere = await isManaged(machine, signal);
  if (!flags.dryRun && !isThere) throw notThere(scope);
  const spec = await serviceSpec(context, machine, role, flags, isThere);
  const steps = planInstall(manager, spec, userId);
  const settings = settingsOf(spec);
  const facts = { role, manager, scope, name: spec.paths.name, ...filesOf(steps), settings };
  if (flags.dryRun) {
    for (const step of planInstall(manager, withoutSecrets(spec), userId)) show(output, step);
    output.note(taken(settings));
    return output.json({ ...facts, dry_run: true });
  }
  await carryOut(steps, machine.run, signal);
  output.say(`Installed and started ${output.bold(spec.paths.name)}.`);
  for (const path of facts.files) output.say(`  ${path}`);
  output.say(`  data in ${spec.dataFolder}`);
  output.say(taken(settings));
  output.say("See:    troop service status, troop logs -f");
  output.say(`Undo:   troop service uninstall ${role}${scope === "user" ? " --user" : ""}`);
  if (manager === "systemd" && scope === "user")
    output.note(
      "It runs while you are logged in. From the machine's start on: loginctl enable-linger",
    );
  if (!spec.hasNamespaces && manager === "systemd")
    output.note(
      "This system keeps namespaces from users: the service is shut in by system call filters only.",
    );
  output.json({ ...facts, dry_run: false });
}

const filesOf = (steps: readonly Step[]) => ({
  files: steps.flatMap((step) => (step.kind === "write" ? [step.path] : [])),
  commands: steps.flatMap((step) => (step.kind === "run" ? [commandLine(step.command)] : [])),
});

/** By name: what the shell and `settings.env` say now, and a change of those does not reach the service. */
const settingsOf = ({ settings, secretFiles }: ServiceSpec): string[] =>
  [...Object.keys(settings), ...Object.keys(secretFiles).map((name) => `${name}_FILE`)].toSorted();

const taken = (settings: readonly string[]) =>
  `Settings that it takes along: ${settings.join(", ") || "none"}`;

const notThere = (scope: string) =>
  new TroopError(
    "service_failed",
    scope === "user"
      ? "No systemd of this user's own answers (`systemctl --user`)."
      : "systemd does not run here (`systemctl is-system-running`).",
    { details: { run: `${again} --dry-run` } },
  );

const withoutSecrets = (spec: ServiceSpec): ServiceSpec => ({
  ...spec,
  settings: Object.fromEntries(
    Object.entries(spec.settings).map(([name, value]) => [
      name,
      isSecretSetting(name) ? "(not shown)" : value,
    ]),
  ),
});

/** As a shell script would read, but for the files' contents. */
export function show(output: CommandContext["output"], step: Step): void {
  switch (step.kind) {
    case "folder":
      return output.say(`mkdir -p -m ${step.mode.toString(8)} ${step.path}`);
    case "write":
      return output.say(
        `${output.bold(`# ${step.path}`)} (${step.mode.toString(8).padStart(4, "0")})\n${step.text}`,
      );
    case "remove":
      return output.say(`rm -f ${step.path}`);
    case "run":
      return output.say(commandLine(step.command));
    default:
      return step satisfies never;
  }
}
