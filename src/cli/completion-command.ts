/** `troop completion`, as the command line declares it. */
import { Argument, type Command } from "commander";
import type { AddCommand, Verb } from "./account-commands.ts";
import { example } from "./command-texts.ts";
import { completion } from "./commands/completion.ts";
import { shells } from "./commands/completion/scripts.ts";

export function addCompletionCommand(program: Command, add: AddCommand): void {
  add(
    "completion",
    "complete commands, flags and names with the Tab key",
    completion(program) as Verb,
  )
    .addArgument(new Argument("<shell>", "your shell").choices(shells))
    .argument("[words...]", "behind --: what was typed so far, as the script asks")
    .addHelpText(
      "after",
      example(
        'eval "$(troop completion bash)"',
        "troop completion fish > ~/.config/fish/completions/troop.fish",
      ),
    );
}
