/** Operators' commands, as the command line declares them. */
import { type Command, Option } from "commander";
import type { AddCommand, Verb } from "./account-commands.ts";
import { addPeopleCommands } from "./admin-people-commands.ts";
import { example, pageSize } from "./command-texts.ts";
import { auditEventTypes } from "../protocol/audit.ts";
import { audit } from "./commands/admin/audit.ts";
import { auditVerify, readMark } from "./commands/admin/audit-verify.ts";
import { auditLedger } from "./commands/admin/audit-ledger.ts";
import { canary } from "./commands/admin/canary.ts";
import { dbRoles } from "./commands/admin/db-roles.ts";
import { type ElsewhereFlags, elsewhereOf } from "./commands/admin/elsewhere.ts";
import { readCount } from "./commands/admin/invite.ts";
import { migrateDown, migrateNew, migrateStatus, migrateUp } from "./commands/admin/migrate.ts";

/** A command of an operator, for the coordinator that the flags of the group name. */
const forOperators =
  (add: AddCommand): AddCommand =>
  (name, description, verb, parent) =>
    add(
      name,
      description,
      (context, flags: ElsewhereFlags) =>
        verb({ ...context, elsewhere: elsewhereOf(context, flags) }, flags as never),
      parent,
    );

export function addAdminCommands(program: Command, addCommand: AddCommand): void {
  const add = forOperators(addCommand);
  const admin = program
    .command("admin")
    .description("for operators: the coordinator that runs on this machine, or its database alone")
    .option("--url <url>", "a coordinator that runs elsewhere: where it listens to operators")
    .option("--as <name>", "who you are there; TROOP_ADMIN_PASSWORD, or you are asked for it")
    .addHelpText(
      "after",
      example(
        "troop admin users",
        "troop admin audit-ledger",
        "troop admin --url https://operators.example:8443 --as lea ledger",
      ),
    );
  addPeopleCommands(admin, add);
  add("audit-ledger", "recompute the books; exit 1 and name the rows where they are not sound", auditLedger, admin) // prettier-ignore
    .addHelpText("after", example("troop admin audit-ledger --json"));
  const log = add("audit", "what was put on record, newest first", audit as Verb, admin)
    .option("--limit <number>", "how many, 200 at most", pageSize, "50")
    .addOption(new Option("--type <type>", "only events of this kind").choices(auditEventTypes))
    .option("--user <id>", "only events of this account, node or key")
    .option("--cursor <cursor>", "go on where the last page ended")
    .addHelpText("after", example("troop admin audit --type security", "troop admin audit verify"));
  add("verify", "hold the audit log against its chain and its files; exit 1 and name the rows", auditVerify as Verb, log) // prettier-ignore
    .option("--expect <position:hash>", "an end of the chain that you wrote down", readMark)
    .addHelpText("after", example("troop admin audit verify --json"));
  add("canary", "ask nodes with the same model the same, and compare", canary as Verb, admin)
    .option("--coordinator <url>", "the coordinator to use (COORDINATOR_URL)")
    .option("--prompts <number>", "questions for each model", readCount, 8)
    .option("--daily <credits>", "the most to spend in any 24 hours", "100")
    .option(
      "--invite <code>",
      "a code that lets its account in, where the coordinator asks for one",
    )
    .addHelpText("after", example("troop admin canary", "troop admin canary --daily 20 --json"));
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
