/** What `troop init` asks, three things at most; flags answer first, and what was answered before stands there. */
import { readEngineSettings } from "../../../worker/engines/config.ts";
import { type Audience, audiences } from "../../../worker/guests/settings.ts";
import { readSchedule } from "../../../worker/idle/schedule.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { machineRoles, type MachineRoles } from "../../config.ts";
import { type CommandContext, coordinatorRunningHere, usableCoordinator } from "../../context.ts";
import { noteLocked } from "../../engine-table.ts";
import { runningEngines, together } from "../../engines.ts";
import { again } from "../../typed-command.ts";

export interface InitFlags {
  /** Named by a flag; the context knows of the variable too. */
  coordinator?: string;
  role?: MachineRoles;
  for?: Audience;
  schedule?: string;
  start?: boolean;
  reset?: boolean;
  yes?: boolean;
}

export interface Answers {
  coordinator: string;
  roles: MachineRoles;
  /** Undefined where nothing is lent. */
  lendTo: Audience | undefined;
  /** Undefined: as it was. */
  schedule: string | undefined;
  /** Engines that run here now; undefined where nobody looked. */
  engines: readonly string[] | undefined;
}

const roleLabels: Record<MachineRoles, string> = {
  borrow: "borrow: use models of others",
  lend: "lend: my engine works for others, and earns credits",
  both: "both",
};

const audienceLabels: Record<Audience, string> = {
  all: "everybody in the network",
  own: "my own account only, from my other machines",
  troop: "my troop (until there are troops: my own account)",
};

/** @throws TroopError `configuration_invalid`, `usage` */
export async function findAnswers(context: CommandContext, flags: InitFlags): Promise<Answers> {
  const { questions, config } = context;
  const isAsking = questions.isPossible && !flags.yes;
  const coordinator = await coordinatorOf(context, flags, isAsking);
  const usual = config.roles ?? (isAsking ? "both" : "borrow");
  const roles =
    flags.role ??
    (isAsking
      ? await questions.pick(
          "What does this machine do?",
          machineRoles.map((value) => ({ value, label: roleLabels[value] })),
          usual,
        )
      : usual);
  const isLending = roles !== "borrow";
  if (!isLending && (flags.for ?? flags.schedule) !== undefined)
    throw new TroopError("usage", "--for and --schedule are for machines that lend.", {
      details: { run: `${again} --role both` },
    });
  if (flags.schedule !== undefined) readSchedule(flags.schedule);
  const engines = isLending ? await enginesHere(context) : undefined;
  const lendTo = isLending ? await audienceOf(context, flags, isAsking) : undefined;
  return { coordinator, roles, lendTo, schedule: flags.schedule, engines };
}

async function coordinatorOf(
  context: CommandContext,
  { coordinator }: InitFlags,
  isAsking: boolean,
): Promise<string> {
  const { config, questions } = context;
  const known = config.coordinatorUrl ?? coordinatorRunningHere(config);
  if (coordinator === undefined && isAsking) {
    const complaint = (text: string) => complaintAbout(text.trim());
    return (await questions.line("Which coordinator?", known ?? "https://", complaint)).trim();
  }
  if (known !== undefined) return usableCoordinator(known);
  throw new TroopError("configuration_invalid", "Which coordinator? None is named.", {
    details: { run: `${again} --coordinator https://coordinator.example` },
  });
}

function complaintAbout(url: string): string | undefined {
  try {
    usableCoordinator(url);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Asked on this machine only, or where the settings say that an engine is. */
async function enginesHere(context: CommandContext): Promise<string[]> {
  const { output, environment } = context;
  const { addresses } = readEngineSettings(environment);
  const places = addresses.map(({ origin }) => new URL(origin).host).join(", ");
  output.note(`Looking for engines at ${places}.`);
  const { engines, locked } = await runningEngines(context, addresses);
  await using _all = together(engines);
  noteLocked(output, locked);
  return engines.map(({ type }) => type);
}

async function audienceOf(
  { questions, environment }: CommandContext,
  flags: InitFlags,
  isAsking: boolean,
): Promise<Audience> {
  const usual = audiences.find((each) => each === environment["LEND_TO"]) ?? "all";
  if (flags.for !== undefined || !isAsking) return flags.for ?? usual;
  const order: readonly Audience[] = ["all", "own", "troop"];
  return questions.pick(
    "Whom do you lend to, while you are not at the machine yourself?",
    order.map((value) => ({ value, label: audienceLabels[value] })),
    usual,
  );
}
