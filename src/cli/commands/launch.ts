/** `troop launch`: starts a coding agent or editor pointed at the local API, or sets it up so that it starts so itself. */
import { join } from "node:path";
import { ensureFolder } from "../../host/folders.ts";
import { shellWord } from "../../host/shell-word.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { CommandContext } from "../context.ts";
import { EndedWith } from "../failure.ts";
import { readText, replaceFile } from "./launch/backup.ts";
import { apiKeyOf, findTarget } from "../local-api.ts";
import { readPlaces } from "./launch/places.ts";
import { findProgram, runInFront } from "./launch/program.ts";
import { restoreSettings, type SettingsFlags, writeSettings } from "./launch/settings.ts";
import { anyKey, keyVariable, type Target, type Tool } from "./launch/tool.ts";
import { type ToolName, toolNames, tools } from "./launch/tools.ts";

export interface LaunchFlags extends SettingsFlags {
  tool: string;
  words?: string[];
  model?: string;
  config?: boolean;
  restore?: boolean;
}

export async function launch(context: CommandContext, flags: LaunchFlags): Promise<void> {
  const name = readToolName(flags.tool);
  if (flags.config && flags.restore)
    throw new TroopError("usage", "Settings are written (--config) or put back (--restore).");
  if (flags.force && !flags.restore)
    throw new TroopError("usage", "--force is for --restore alone.");
  if ((flags.config || flags.restore) && flags.words?.length)
    throw new TroopError("usage", `Words for ${name} are for when it is started.`);
  if (flags.restore) return restoreSettings(context, name, flags);
  const target = await findTarget(context, flags.model);
  if (flags.config) return writeSettings(context, name, target, flags);
  return start(context, name, target, flags);
}

function readToolName(text: string): ToolName {
  const name = toolNames.find((known) => known === text);
  if (name) return name;
  throw new TroopError(
    "usage",
    `There is no tool ${JSON.stringify(text)}: ${toolNames.join(", ")}.`,
  );
}

async function start(
  context: CommandContext,
  name: ToolName,
  target: Target,
  { words = [], dryRun }: LaunchFlags,
): Promise<void> {
  const tool: Tool = tools[name];
  const { output, environment, config, shutdown: signal } = context;
  const program = findProgram(environment, tool.programs);
  if (program === undefined)
    throw new TroopError(
      "tool_missing",
      `${tool.title} (${tool.programs[0]}) is not on the PATH.`,
      {
        details: { run: tool.install },
      },
    );
  if (tool.isSettingsOnly && !isSetUp(tool, target, environment))
    throw new TroopError("usage", `${tool.title} can be pointed here by its settings only.`, {
      details: { run: `troop launch ${name} --config` },
    });
  const file = startFileOf(tool, target, join(config.dataFolder, "launch"), dryRun);
  const key = apiKeyOf(context) ?? anyKey;
  const started = tool.start(target, key, file);
  // Settings that were written for it may point to the variable.
  const variables = { ...(target.needsKey ? { [keyVariable]: key } : {}), ...started.environment };
  const line = [program, ...started.words, ...words];
  if (dryRun) {
    // Not their values: one of them is the key.
    const names = Object.keys(variables);
    output.say(line.map(shellWord).join(" "));
    for (const variable of names) output.say(output.dim(`  with ${variable}`));
    return output.json({
      tool: name,
      model: target.model,
      command: line,
      variables: names,
      dry_run: true,
    });
  }
  const isTTY = process.stdin.isTTY;
  const handed = { ...environment, ...variables };
  throw new EndedWith(await runInFront(program, line.slice(1), handed, { signal, isTTY }));
}

/** Whether its settings name the sidecar; which model is then chosen in the program itself. */
function isSetUp(tool: Tool, { url }: Target, environment: CommandContext["environment"]): boolean {
  const text = readText(tool.settingsFile(readPlaces(environment))) ?? "";
  return JSON.stringify(tool.language.read(text) ?? {}).includes(`${url}/`);
}

function startFileOf(
  tool: Tool,
  target: Target,
  folder: string,
  dryRun = false,
): string | undefined {
  const settings = tool.startFile?.(target);
  if (!settings) return undefined;
  const file = join(folder, settings.name);
  if (!dryRun) {
    ensureFolder(folder);
    replaceFile(file, settings.text, 0o600);
  }
  return file;
}
