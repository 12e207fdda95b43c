/** `troop launch`, as the command line declares it. */
import type { AddCommand, Verb } from "./account-commands.ts";
import { example } from "./command-texts.ts";
import { launch } from "./commands/launch.ts";
import { toolNames } from "./commands/launch/tools.ts";

export function addLaunchCommand(add: AddCommand): void {
  add(
    "launch <tool> [words...]",
    `start ${toolNames.join(", ")} with this network's models; its own words go behind --`,
    launch as Verb,
  )
    .option("--model <name>", "the model to use (asked for where there are several)")
    .option("--config", "write the tool's own settings instead, so that it starts so by itself")
    .option("--restore", "put back what --config changed")
    .option("--force", "with --restore: also what was changed since is lost")
    .option("--dry-run", "show what would change or be run, and do nothing")
    .addHelpText(
      "after",
      example(
        "troop launch claude",
        "troop launch codex --model qwen3:8b -- exec 'Explain this folder'",
        "troop launch opencode --config --dry-run",
        "troop launch opencode --restore",
      ),
    );
}
