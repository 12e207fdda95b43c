/** A command line that is not understood: what is wrong with it, and the command that was probably meant. */
import type { Command, CommanderError } from "commander";
import { shellWord } from "../host/shell-word.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { meantCommand } from "./meant.ts";

/** The innermost command that the words name. */
export function commandOf(program: Command, words: readonly string[]): Command {
  const [word = "", ...rest] = words;
  if (word.startsWith("-")) return commandOf(program, rest);
  const named = program.commands.find((command) => command.name() === word);
  return named ? commandOf(named, rest) : program;
}

/** `worker pause`; undefined: none was named. */
export const nameOf = (command: Command): string | undefined =>
  command.parent ? [nameOf(command.parent), command.name()].filter(Boolean).join(" ") : undefined;

/** @param typed the innermost command that was named */
export function usageError({ message, code }: CommanderError, typed: Command): TroopError {
  const parts = typed.commands.map((command) => command.name()).join(", ");
  if (code === "commander.help") return usage(`One of these has to follow: ${parts}.`);
  if (code === "commander.excessArguments" && nameOf(typed) === "demo")
    return usage(
      "A question goes behind --ask.",
      `troop demo --ask ${shellWord(typed.args.join(" "))}`,
    );
  const [, extra] = /got \d+: (.*)\.$/.exec(message) ?? [];
  if (code === "commander.excessArguments" && parts !== "")
    return usage(`There is no \`troop ${nameOf(typed)} ${extra}\`: ${parts}.`);
  const text = message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  const sentence = `${text[0]?.toUpperCase()}${text.slice(1)}`;
  if (typed.parent) return usage(sentence);
  const meant = meantCommand(/'(.+?)'/.exec(text)?.[1] ?? "");
  // By its letters alone the parser takes `list` for `gift`.
  if (meant !== undefined) return usage(sentence.replace(/ \(Did.*/, ""), `troop ${meant}`);
  return usage(sentence, "troop --help");
}

const usage = (said: string, run?: string) =>
  new TroopError("usage", said, run === undefined ? {} : { details: { run } });
