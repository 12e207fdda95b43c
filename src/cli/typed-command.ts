/** Commands that people are told to type next, so that they can be copied: with their own flags, and the name they used. */
import type { Environment } from "../host/env.ts";
import { otherFolder } from "../host/folders.ts";
import { shellWord } from "../host/shell-word.ts";

export interface TypedCommand {
  argv: readonly string[];
  environment: Environment;
  /** Of the words, those that name the command, such as `worker pause`; without it the first that may. */
  command?: string | undefined;
}

/** Stands for the whole command as it was typed, less the flags that follow it in the advice. */
export const again = "<again>";

/** What `troop` was called by: a checkout has no such program on the PATH. */
export function programName({ npm_lifecycle_event: script }: Environment): string {
  if (!script) return "troop";
  return script === "npx" ? "npx troop" : "npm run troop --";
}

/** The command among the words, if one was typed. */
export const commandIn = (argv: readonly string[]): string | undefined =>
  argv.find((word) => /^[a-z]+$/.test(word));

/** Of `advice`, the line that can be typed here. */
export function typedCommand(advice: string, typed: TypedCommand): string {
  const { argv, environment, command = commandIn(argv) } = typed;
  const [, flag] = /^<again> (--[a-z-]+)/.exec(advice) ?? [];
  const program = programName(environment);
  return (
    withDataFolder(advice, argv)
      .replace(/^([A-Z_]+=\S+ )?troop(?= )/, `$1${program}`)
      .replace("<command>", command ?? "<command>")
      .replace("<folder>", otherFolder)
      // The last: what was typed may hold any of the others.
      .replace(again, () => [program, ...without(argv, flag).map(shellWord)].join(" "))
  );
}

/** The words less a flag and its value, in both spellings. `--port` and `--listen` stand for each other. */
function without(argv: readonly string[], flag: string | undefined): string[] {
  if (flag === undefined) return [...argv];
  const flags = flag === "--port" || flag === "--listen" ? ["--port", "--listen"] : [flag];
  return argv.filter((word, index) => {
    const isValue = flags.includes(argv[index - 1] ?? "");
    return !isValue && !flags.includes(word.replace(/=.*$/, ""));
  });
}

/** Commands that look into a folder look into the one that was named. */
function withDataFolder(line: string, argv: readonly string[]): string {
  const index = argv.indexOf("--data");
  const folder = argv[index + 1];
  const isLooking = /^troop (status|down|balance|nodes|models|transactions|doctor|history)\b/.test(
    line,
  );
  return index >= 0 && folder !== undefined && isLooking && !line.includes("--data")
    ? line.replace(/^(troop \w+)/, `$1 --data ${shellWord(folder)}`)
    : line;
}
