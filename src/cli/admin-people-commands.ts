/** Operators' commands about accounts, nodes, credits and one another, as the command line declares them. */
import { Argument, type Command, Option } from "commander";
import { operatorRoles, revokable } from "../protocol/admin.ts";
import type { AddCommand, Verb } from "./account-commands.ts";
import { example, pageSize } from "./command-texts.ts";
import { grant } from "./commands/admin/grant.ts";
import { invite, invites, readCount, readExpiry } from "./commands/admin/invite.ts";
import { keys, rotateKeys } from "./commands/admin/keys.ts";
import { ledger } from "./commands/admin/ledger.ts";
import { nodes, quarantine, release } from "./commands/admin/nodes.ts";
import {
  addOperator,
  changeRole,
  operators,
  removeOperator,
  renewPassword,
} from "./commands/admin/operators.ts";
import { deleteUser, exportUser } from "./commands/admin/personal.ts";
import { restore, revoke } from "./commands/admin/revoke.ts";
import { users } from "./commands/admin/users.ts";

const weekMs = 7 * 24 * 60 * 60_000;
const yes = ["--yes", "do not ask"] as const;

const paged = (command: Command): Command =>
  command
    .option("--limit <number>", "how many, 200 at most", pageSize, "50")
    .option("--cursor <cursor>", "go on where the last page ended");

export function addPeopleCommands(admin: Command, add: AddCommand): void {
  paged(add("users [account]", "accounts, newest first; or one, with its keys and nodes", users as Verb, admin)) // prettier-ignore
    .addHelpText("after", example("troop admin users", "troop admin users <account>"));
  paged(add("nodes [node]", "enrolled nodes, newest first; or one", nodes as Verb, admin))
    .option("--owner <account>", "only nodes of this account")
    .addHelpText("after", example("troop admin nodes", "troop admin nodes --owner <account>"));
  add("ledger", "the books at a glance", ledger, admin).addHelpText(
    "after",
    example("troop admin ledger", "troop admin audit-ledger"),
  );
  add("grant <account> <amount>", "mint credits for an account", grant as Verb, admin)
    .requiredOption("--memo <text>", "what for: a line that the account sees")
    .option(...yes)
    .option("--id <uuid>", "repeat an earlier attempt: the same id never grants twice")
    .addHelpText("after", example('troop admin grant <account> 50 --memo "for the night of the 3rd"')); // prettier-ignore
  add("quarantine <node>", "offer a node to nobody for a while", quarantine as Verb, admin)
    .option("--for <time>", "12h, 7d, 2w (default: 7d)", readExpiry, weekMs)
    .addHelpText("after", example("troop admin quarantine <node> --for 2d"));
  add("release <node>", "end a node's quarantine, whoever began it", release as Verb, admin)
    .addHelpText("after", example("troop admin release <node>")); // prettier-ignore
  add("revoke", "cut off an account, a node or a key", revoke as Verb, admin)
    .addArgument(new Argument("<kind>", "what it is").choices(revokable))
    .argument("<id>")
    .option(...yes)
    .addHelpText("after", example("troop admin revoke node <node>", "troop admin revoke user <account>")); // prettier-ignore
  add("restore", "let an account or node in again that was revoked", restore as Verb, admin)
    .addArgument(new Argument("<kind>", "what it is").choices(["user", "node"]))
    .argument("<id>")
    .addHelpText("after", example("troop admin restore node <node>"));
  add("export <account>", "everything that is kept of an account, as JSON", exportUser as Verb, admin) // prettier-ignore
    .addHelpText("after", example("troop admin export <account> > account.json"));
  add("delete <account>", "delete an account's personal data, for ever", deleteUser as Verb, admin)
    .option("--dry-run", "say what would be deleted, and do nothing")
    .option(...yes)
    .addHelpText("after", example("troop admin delete <account> --dry-run"));
  add("invite", "make codes that let one account in each", invite as Verb, admin)
    .option("--expires <time>", "12h, 7d, 2w (default: 7d)", readExpiry, weekMs)
    .option("--count <number>", "how many", readCount, 1)
    .addHelpText("after", example("troop admin invite --count 5 --expires 2w"));
  paged(add("invites", "invitations, newest first", invites as Verb, admin))
    .addHelpText("after", example("troop admin invites")); // prettier-ignore

  const ring = add("keys", "the keys that sign tickets", keys, admin).addHelpText(
    "after",
    example("troop admin keys", "troop admin keys rotate"),
  );
  add("rotate", "publish the next key now; it signs in a day", rotateKeys, ring).addHelpText(
    "after",
    example("troop admin keys rotate"),
  );
  addOperatorCommands(admin, add);
}

function addOperatorCommands(admin: Command, add: AddCommand): void {
  const roles = new Option("--role <role>", "what they may do").choices(operatorRoles);
  const group = add(
    "operators",
    "who may do what at the operators' port",
    operators,
    admin,
  ).addHelpText(
    "after",
    example("troop admin operators", "troop admin operators add lea --role treasurer"),
  );
  add("list", "all of them, and their roles", operators, group).addHelpText(
    "after",
    example("troop admin operators list --json"),
  );
  add("add <name>", "another one, with a password that is shown once", addOperator as Verb, group)
    .addOption(roles.default("viewer"))
    .addHelpText("after", example("troop admin operators add lea --role treasurer"));
  add("role <name>", "give one another role", changeRole as Verb, group)
    .addArgument(new Argument("<role>", "what they may do").choices(operatorRoles))
    .addHelpText("after", example("troop admin operators role lea operator"));
  add("password <name>", "make one another password; the old one ends", renewPassword as Verb, group) // prettier-ignore
    .addHelpText("after", example("troop admin operators password lea"));
  add("remove <name>", "let one in no more", removeOperator as Verb, group)
    .addHelpText("after", example("troop admin operators remove lea")); // prettier-ignore
}
