/** Commands for who keeps a role running, as the command line declares them. */
import { type Command, Option } from "commander";
import { loggedRoles } from "../host/logs/role-log.ts";
import type { AddCommand, Verb } from "./account-commands.ts";
import { example } from "./command-texts.ts";
import { bugreport } from "./commands/bugreport.ts";
import { clearHistory, showHistory } from "./commands/history.ts";
import { doctor } from "./commands/doctor.ts";
import { logs, readLineCount, readSince } from "./commands/logs.ts";
import { serviceInstall } from "./commands/service/install.ts";
import { serviceStatus } from "./commands/service/status.ts";
import { serviceUninstall } from "./commands/service/uninstall.ts";

export function addUpkeepCommands(
  program: Command,
  addConnected: AddCommand,
  add: AddCommand,
): void {
  addServiceCommands(program, addConnected, add);
  addConnected("doctor", "what is wrong here, and the command that mends it", doctor as Verb)
    .option("--fix", "do what is safe: permissions, missing folders, what killed processes left")
    .addHelpText("after", example("troop doctor", "troop doctor --fix"));
  addConnected(
    "bugreport",
    "a file for whoever helps you: no secrets in it, and sent nowhere",
    bugreport as Verb,
  )
    .option("--output <file>", "where to write it (default: troop-bugreport-<time>.json)")
    .addHelpText("after", example("troop bugreport", "troop bugreport --output report.json"));
  addHistoryCommands(add);
  add("logs", "what the roles here have logged", logs as Verb)
    .option("-f, --follow", "go on with what comes")
    .addOption(new Option("--role <role>", "this one only").choices(loggedRoles))
    .option("--since <time>", "10m, 2h, 1d, or a date", readSince)
    .option("-n, --lines <number>", "how many of the last ones", readLineCount, 100)
    .addHelpText("after", example("troop logs -f", "troop logs --role worker --since 1h"));
}

function addHistoryCommands(add: AddCommand): void {
  const history = add(
    "history",
    "conversations that the local API keeps on this machine",
    showHistory,
  )
    // Flags behind `clear` are its own.
    .enablePositionalOptions()
    .addHelpText("after", example("troop history --json", "troop history clear"));
  add("clear", "forget all of them", clearHistory as Verb, history)
    .option("--yes", "do not ask")
    .addHelpText("after", example("troop history clear --yes"));
}

function addServiceCommands(program: Command, addConnected: AddCommand, add: AddCommand): void {
  const service = program
    .command("service")
    .description("roles that start by themselves, by systemd or launchd")
    .addHelpText("after", example("troop service install worker", "troop service status"));
  const scoped = (command: Command) =>
    command
      .option("--user", "the user's own service (default, unless you are root)")
      .option("--system", "the whole system's service (default for root)");
  const dryRun = ["--dry-run", "print what would be written and run, and do nothing"] as const;
  scoped(
    addConnected(
      "install [role] [flags...]",
      "make worker (default), coordinator or up a service; its own flags go behind --",
      serviceInstall as Verb,
      service,
    ),
  )
    .option(...dryRun)
    .addHelpText(
      "after",
      example(
        "troop service install worker --coordinator https://coordinator.example",
        "troop service install worker --dry-run -- --model model.gguf",
        "troop service install coordinator --system",
      ),
    );
  scoped(
    add("uninstall [role]", "undo the installation; data stays", serviceUninstall as Verb, service),
  )
    .option(...dryRun)
    .addHelpText("after", example("troop service uninstall worker"));
  scoped(
    add("status [role]", "which are installed, and how they are", serviceStatus as Verb, service),
  ).addHelpText("after", example("troop service status --json"));
}
