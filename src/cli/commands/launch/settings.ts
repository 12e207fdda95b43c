/** `troop launch <tool> --config` and `--restore`: another program's settings, written and put back. */
import { rmSync } from "node:fs";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { CommandContext } from "../../context.ts";
import { again } from "../../typed-command.ts";
import { forgetBackup, keepBackup, readBackup, readText, replaceFile } from "./backup.ts";
import { unifiedDiff } from "./edit/line-changes.ts";
import { withSettings } from "./edit/setting.ts";
import { readPlaces } from "./places.ts";
import { keyVariable, type Target, type Tool } from "./tool.ts";
import { type ToolName, tools } from "./tools.ts";
import { type Undone, undo } from "./undo.ts";

export interface SettingsFlags {
  dryRun?: boolean;
  force?: boolean;
}

/** @throws TroopError `settings_unclear` */
export function writeSettings(
  { output, config: { dataFolder }, environment }: CommandContext,
  name: ToolName,
  target: Target,
  { dryRun = false }: SettingsFlags,
): void {
  const tool: Tool = tools[name];
  const places = readPlaces(environment);
  const objection = tool.objection?.(places);
  if (objection) throw new TroopError("settings_unclear", objection);
  const file = tool.settingsFile(places);
  const now = readText(file);
  const backup = readBackup(dataFolder, name, file);
  // Set once more: from what was there before the first time, with what has come to it since.
  const undone = backup && undo(backup, now, tool.language);
  const before = undone?.kind === "text" ? undone.text : now;
  const read = tool.language.read(before ?? "");
  if (!read) throw unclear(file);
  const written = change(file, () =>
    withSettings(before ?? "", tool.settings(target, read), tool.language),
  );
  const diff = unifiedDiff(file, now, written.text);
  if (!dryRun && diff !== "") {
    // First: a process that is killed in between leaves a file that is as it was.
    keepBackup(dataFolder, name, {
      ...{ file, before: before ?? null, after: written.text, places: written.places },
    });
    replaceFile(file, written.text, 0o600);
  }
  if (diff === "") output.say(`${file} says so already.`);
  else if (dryRun) output.say(diff);
  else {
    output.say(`Written: ${output.bold(file)}`);
    output.say(`Undo:    troop launch ${name} --restore`);
  }
  if (target.needsKey)
    output.note(
      `The key is not written. ${tool.title} needs it in ${keyVariable}, or is started by: troop launch ${name}`,
    );
  output.json({ tool: name, file, changed: diff !== "", diff, dry_run: dryRun });
}

/** @throws TroopError `settings_changed` where what we wrote was changed since */
export function restoreSettings(
  { output, config: { dataFolder }, environment }: CommandContext,
  name: ToolName,
  { dryRun = false, force = false }: SettingsFlags,
): void {
  const { language, settingsFile } = tools[name];
  const file = settingsFile(readPlaces(environment));
  const backup = readBackup(dataFolder, name, file);
  const now = readText(file);
  const undone: Undone = !backup
    ? { kind: "text", text: now }
    : force
      ? { kind: "text", text: backup.before ?? undefined }
      : undo(backup, now, language);
  if (undone.kind === "changed") {
    output.say(unifiedDiff(file, backup?.after, now));
    throw new TroopError(
      "settings_changed",
      `In ${file} what was written from here was changed since. Take it out by hand, or lose what came to it.`,
      { details: { run: `${again} --force` } },
    );
  }
  const { text } = undone;
  const diff = unifiedDiff(file, now, text);
  if (dryRun) output.say(diff === "" ? `Nothing to undo in ${file}.` : diff);
  else {
    if (text === undefined) rmSync(file, { force: true });
    else if (text !== now) replaceFile(file, text);
    forgetBackup(dataFolder, name, file);
    output.say(diff === "" ? `Nothing to undo in ${file}.` : `Put back: ${file}`);
  }
  output.json({ tool: name, file, changed: diff !== "", diff, dry_run: dryRun });
}

const unclear = (file: string, cause?: unknown) =>
  new TroopError(
    "settings_unclear",
    `${file} cannot be changed without changing more than is ours.`,
    {
      cause,
    },
  );

/** Failures name the file. */
function change<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof TroopError ? unclear(file) : unclear(file, error);
  }
}
