/** Commands that set up, start and end what runs here, as the command line declares them. */
import { Option } from "commander";
import { audiences } from "../worker/guests/settings.ts";
import type { AddCommand, Verb } from "./account-commands.ts";
import { example } from "./command-texts.ts";
import { down } from "./commands/down.ts";
import { init } from "./commands/init.ts";
import { machineRoles } from "./config.ts";

export function addStartCommands(add: AddCommand, addConnected: AddCommand): void {
  addConnected("init", "say once what this machine is for; every later command knows", init as Verb)
    .addOption(new Option("--role <role>", "what it does (ROLES)").choices(machineRoles))
    .addOption(new Option("--for <whom>", "whom to lend to (LEND_TO)").choices(audiences))
    .option("--schedule <hours>", "your hours, such as `mon-fri 09:00-18:00 away` (OWNER_SCHEDULE)")
    .option("--start", "start it afterwards, in the background")
    .option("--no-start", "do not ask whether to start it")
    .option("--reset", "take back what init wrote")
    .option("--yes", "ask nothing")
    .addHelpText(
      "after",
      example(
        "troop init",
        "troop init --coordinator https://coordinator.example --role borrow --yes --start",
        "troop init --reset",
      ),
    );
  add(
    "down [roles...]",
    "end what runs here: local API, worker, coordinator, or those named",
    down as Verb,
  ).addHelpText("after", example("troop down", "troop down worker"));
}
