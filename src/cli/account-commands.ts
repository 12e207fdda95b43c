/** Commands about credits and the account, as the command line declares them. */
import type { Command } from "commander";
import { Option } from "commander";
import { historyKinds } from "../protocol/endpoints.ts";
import { accountExport } from "./commands/account/export.ts";
import { accountImport } from "./commands/account/import.ts";
import { accountLink } from "./commands/account/link.ts";
import { accountRotate } from "./commands/account/rotate.ts";
import { accountShow } from "./commands/account/show.ts";
import { accountUnlink } from "./commands/account/unlink.ts";
import { dispute } from "./commands/dispute.ts";
import { gift } from "./commands/gift.ts";
import { transactions } from "./commands/transactions.ts";
import { example, pageSize } from "./command-texts.ts";
import type { CommandContext } from "./context.ts";

/** @param flags options and arguments by name */
export type Verb = (context: CommandContext, flags: never) => Promise<void>;
/** @param parent the program itself unless named */
export type AddCommand = (
  name: string,
  description: string,
  verb: Verb,
  parent?: Command,
) => Command;

const yes = ["--yes", "do not ask"] as const;

export function addCreditCommands(addConnected: AddCommand): void {
  addConnected("transactions", "where credits came from and went", transactions as Verb)
    .option("--limit <number>", "how many, 200 at most", pageSize, "20")
    .option("--cursor <cursor>", "go on where the last page ended")
    .addOption(new Option("--kind <kind>", "only entries of this kind").choices(historyKinds))
    .option("--csv", "the whole history as CSV")
    .addHelpText(
      "after",
      example("troop transactions --kind gift", "troop transactions --csv > history.csv"),
    );
  addConnected("gift <account> <amount>", "give earned credits to another account", gift as Verb)
    .option("--memo <text>", "a line that both sides see")
    .option(...yes)
    .option("--id <uuid>", "repeat an earlier attempt: the same id never gives twice")
    .addHelpText("after", example('troop gift <account> 12.5 --memo "thank you"'));
  addConnected("dispute <request>", "say that an answer was not what it should be", dispute as Verb)
    .addOption(
      new Option("--reason <reason>", "what was wrong")
        .choices(["refused", "not-received"])
        .default("refused"),
    )
    .option(...yes)
    .addHelpText("after", example("troop dispute <hold>.<number> --reason not-received"));
}

export function addAccountCommands(program: Command, addConnected: AddCommand): void {
  const account = program
    .command("account")
    .description("the account: its keys, their backup, and other machines that act for it")
    .addHelpText("after", example("troop account show", "troop account export account.backup"));
  const passphrase = [
    "--passphrase-file <file>",
    "read the passphrase from this file (-: standard input)",
  ] as const;
  addConnected(
    "show",
    "the account's id, and the keys that act for it",
    accountShow,
    account,
  ).addHelpText("after", example("troop account show", "troop account show --json"));
  addConnected(
    "export <file>",
    "back the key up, under a passphrase",
    accountExport as Verb,
    account,
  )
    .option(...passphrase)
    .addHelpText("after", example("troop account export account.backup"));
  addConnected(
    "import <file>",
    "restore an account from its backup",
    accountImport as Verb,
    account,
  )
    .option(...passphrase)
    .option("--force", "also where an account is; its key is kept beside the new one")
    .addHelpText("after", example("troop account import account.backup --data <a new folder>"));
  addConnected(
    "link <name>",
    "one account on several machines: with the account's id on the new one, with its code on another",
    accountLink as Verb,
    account,
  )
    .option("--no-wait", "print the code and end")
    .option(...yes)
    .addHelpText("after", example("troop account link <account>", "troop account link <code>"));
  addConnected("unlink <key>", "revoke a lost machine's key", accountUnlink as Verb, account)
    .option(...yes)
    .addHelpText("after", example("troop account unlink <first characters of the key>"));
  addConnected(
    "rotate",
    "a new key for this machine; the old one is revoked",
    accountRotate,
    account,
  )
    .option(...yes)
    .addHelpText("after", example("troop account rotate"));
}
