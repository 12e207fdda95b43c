/** `troop init`: asks what this machine is for, and writes it down for every later command. */
import { ensureFolder } from "../../host/folders.ts";
import {
  readSettingsFile,
  type Settings,
  settingsFile,
  writeSettingsFile,
} from "../../host/settings-file.ts";
import type { CommandContext } from "../context.ts";
import { type BackgroundRole, type Ready, startInBackground } from "../in-background.ts";
import { roleNames, runningHere, sameFolder } from "../running-here.ts";
import { type Answers, findAnswers, type InitFlags } from "./init/answers.ts";
import { changedLines, settingsOf, withoutOwn } from "./init/changes.ts";

export async function init(context: CommandContext, flags: InitFlags): Promise<void> {
  const { output, config } = context;
  const before = readSettingsFile(config.dataFolder);
  const facts = { file: settingsFile(config.dataFolder) };
  if (flags.reset) {
    const after = withoutOwn(before);
    const isWritten = await write(context, flags, before, after);
    return output.json({ ...facts, settings: names(after), written: isWritten, started: [] });
  }
  const answers = await findAnswers(context, flags);
  tell(context, answers);
  const after = settingsOf(answers, before);
  const isWritten = await write(context, flags, before, after);
  const isRefused = !isWritten && changedLines(before, after).length > 0;
  const started = isRefused ? [] : await start(context, flags, answers);
  output.json({
    ...{ ...facts, settings: names(isRefused ? before : after), written: isWritten },
    engines: answers.engines ?? [],
    started,
  });
}

const names = (settings: Settings): string[] => Object.keys(settings);

/** What is not written down, and people should know. */
function tell({ output }: CommandContext, { engines, lendTo }: Answers): void {
  if (lendTo === undefined) return;
  if (engines && engines.length > 0) output.note(`Lends what runs here: ${engines.join(", ")}.`);
  else output.note("No engine runs here now; `troop worker --model <file>` brings its own.");
  output.note("The machine stays yours: nothing is computed for others while you use it.");
}

/** @returns whether something was changed */
async function write(
  { output, questions, config }: CommandContext,
  flags: InitFlags,
  before: Settings,
  after: Settings,
): Promise<boolean> {
  const path = settingsFile(config.dataFolder);
  const lines = changedLines(before, after);
  if (lines.length === 0) {
    output.say(`Nothing to change in ${path}.`);
    return false;
  }
  const preview = [`In ${path}, for every later command:`, ...lines];
  if (!(await questions.mayGoOn(preview, flags, true))) {
    output.say("Nothing was written.");
    return false;
  }
  ensureFolder(config.dataFolder);
  writeSettingsFile(config.dataFolder, after);
  output.say(`Written: ${path}`);
  return true;
}

/** Where somebody said so, or says so now. */
async function start(
  context: CommandContext,
  flags: InitFlags,
  { roles, engines }: Answers,
): Promise<(Ready & { role: BackgroundRole })[]> {
  const { output, questions } = context;
  const canLend = roles !== "borrow" && engines !== undefined && engines.length > 0;
  const wanted: BackgroundRole[] = [
    ...(roles === "lend" ? [] : (["up"] as const)),
    ...(canLend ? (["worker"] as const) : []),
  ];
  const next = wanted.map((role) => `troop ${role} --daemon${sameFolder(context)}`);
  const mayStart =
    flags.start ??
    (wanted.length > 0 &&
      questions.isPossible &&
      !flags.yes &&
      (await questions.agrees("Start now, in the background? (asks the coordinator)")));
  if (!mayStart) {
    if (next.length > 0) output.say(`Start it with: ${next.join(" && ")}`);
    return [];
  }
  const started: (Ready & { role: BackgroundRole })[] = [];
  for (const role of wanted) {
    const here = role === "up" ? "client" : role;
    const running = await runningHere(context, here);
    if (running)
      output.note(`${roleNames[here]} runs already, with what was set before: troop down ${here}`);
    else started.push({ role, ...(await startInBackground(context, role, folderWords(context))) });
  }
  return started;
}

const folderWords = ({ config }: CommandContext) => ["--data", config.dataFolder];
