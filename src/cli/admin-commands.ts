/** Operators' commands, as the command line declares them. */
import type { Command } from "commander";
import type { AddCommand, Verb } from "./account-commands.ts";
import { example } from "./command-texts.ts";
import { auditLedger } from "./commands/admin/audit-ledger.ts";
import { dbRoles } from "./commands/admin/db-roles.ts";
import { invite, readCount, readExpiry } from "./commands/admin/invite.ts";
import { migrateDown, migrateNew, migrateStatus, migrateUp } from "./commands/admin/migrate.ts";

const weekMs = 7 * 24 * 60 * 60_000;

export function addAdminCommands(program: Command, add: AddCommand): void {
  const admin = program
    .command("admin")
    .description("for operators: the coordinator's database, opened on its own machine")
    .addHelpText("after", example("troop admin audit-ledger", "troop admin migrate status"));
  add("audit-ledger", "recompute the books; exit 1 and name the rows where they are not sound", auditLedger, admin) // prettier-ignore
    .addHelpText("after", example("troop admin audit-ledger --json"));
  add("invite", "make codes that let one account in each", invite as Verb, admin)
    .option("--expires <time>", "12h, 7d, 2w (default: 7d)", readExpiry, weekMs)
    .option("--count <number>", "how many", readCount, 1)
    .addHelpText("after", example("troop admin invite --count 5 --expires 2w"));
  add("db-roles", "PostgreSQL roles that may do no more than they must", dbRoles as Verb, admin)
    .option("--apply", "make them, instead of printing the statements")
    .option("--prefix <name>", "what their names begin with", "troop")
    .addHelpText("after", example("troop admin db-roles", "troop admin db-roles --apply"));

  const migrate = admin
    .command("migrate")
    .description("the schema of the books")
    .addHelpText("after", example("troop admin migrate status", "troop admin migrate up"));
  add("up", "apply what is pending", migrateUp, migrate).addHelpText(
    "after",
    example("troop admin migrate up"),
  );
  add("down", "take the newest migration back, with all it holds", migrateDown as Verb, migrate)
    .option("--all", "all of them")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      example("troop admin migrate down", "troop admin migrate down --all --yes"),
    );
  add("status", "which migrations are applied here", migrateStatus, migrate).addHelpText(
    "after",
    example("troop admin migrate status --json"),
  );
  add(
    "new <name>",
    "write the next migration's file, in a checkout",
    migrateNew as Verb,
    migrate,
  ).addHelpText("after", example("troop admin migrate new add-column"));
}
