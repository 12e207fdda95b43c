/** `troop admin export`, `delete`: all that is kept of one account, and its end. */
import { z } from "zod";
import { deletionAnswer } from "../../../protocol/admin.ts";
import type { CommandContext } from "../../context.ts";
import { shownTime } from "./columns.ts";
import { askOperator, named } from "./desk.ts";

const everything = z.record(z.string(), z.unknown());

/** One JSON object, with and without `--json`. */
export async function exportUser(
  context: CommandContext,
  { account }: { account: string },
): Promise<void> {
  const { output } = context;
  const path = `/admin/users/${named(account)}/export`;
  const found = await askOperator(context, { method: "GET", path, answer: everything });
  output.say(JSON.stringify(found, null, 2));
  output.json(found);
}

export interface DeleteFlags {
  account: string;
  dryRun?: boolean;
  yes?: boolean;
}

export async function deleteUser(context: CommandContext, flags: DeleteFlags): Promise<void> {
  const { output, questions } = context;
  const ask = (isTrial: boolean) =>
    askOperator(context, {
      method: "POST",
      path: `/admin/users/${named(flags.account)}/delete`,
      ...{ body: { dry_run: isTrial }, answer: deletionAnswer },
    });
  const found = await ask(true);
  if (found.deleted_at !== null)
    output.say(`It was deleted before, ${shownTime(found.deleted_at)} UTC.`);
  const preview = [
    `Delete the personal data of ${found.account_id}: ${found.keys} keys, ${found.nodes} nodes, ${found.memos} memos, its invitation and records.`,
    `Its ${found.balance} credits are out of everybody's reach. What the books need stays under its id (docs/operations.md).`,
    "That cannot be taken back.",
  ];
  if (flags.dryRun) {
    for (const line of preview) output.say(line);
    return output.json(found);
  }
  if (found.deleted_at === null && !(await questions.mayGoOn(preview, flags)))
    return output.note("Nothing was deleted.");
  const deleted = found.deleted_at === null ? await ask(false) : found;
  output.say(`Deleted: ${deleted.account_id}`);
  output.json(deleted);
}
