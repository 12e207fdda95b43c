/** Commands about keys that applications are known by, as the command line declares them. */
import type { Command } from "commander";
import type { AddCommand, Verb } from "./account-commands.ts";
import { example } from "./command-texts.ts";
import { addKey, capKey, listKeys, removeKey } from "./commands/keys.ts";

export function addKeyCommands(program: Command, add: AddCommand): void {
  const keys = program
    .command("keys")
    .description("a key for each application: what each spends, and the most that it may")
    .addHelpText("after", example("troop keys add editor --daily 20", "troop keys list"));
  add("add <name>", "make a key; it is shown this once", addKey as Verb, keys)
    .option("--hourly <credits>", "the most that it may spend in any hour")
    .option("--daily <credits>", "the most that it may spend in any 24 hours")
    .addHelpText("after", example("troop keys add editor --hourly 5 --daily 20"));
  add("list", "which there are, and what each has spent", listKeys, keys).addHelpText(
    "after",
    example("troop keys list --json"),
  );
  add("cap <name>", "change how much it may spend; what is not named stays", capKey as Verb, keys)
    .option("--hourly <credits>", "the most that it may spend in any hour, or none")
    .option("--daily <credits>", "the most that it may spend in any 24 hours, or none")
    .addHelpText(
      "after",
      example("troop keys cap editor --daily 50", "troop keys cap editor --hourly none"),
    );
  add("remove <name>", "know nobody by it any more", removeKey as Verb, keys).addHelpText(
    "after",
    example("troop keys remove editor"),
  );
}
