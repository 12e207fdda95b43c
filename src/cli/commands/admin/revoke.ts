/** `troop admin revoke`, `restore`: cuts off an account, a node or a key; lets the former two in again. */
import { revocationAnswer, type revokable } from "../../../protocol/admin.ts";
import type { CommandContext } from "../../context.ts";
import { shownTime } from "./columns.ts";
import { askOperator, named } from "./desk.ts";

type Kind = (typeof revokable)[number];
const folders: Readonly<Record<Kind, string>> = {
  user: "users",
  node: "nodes",
  key: "account-keys",
};
const meanings: Readonly<Record<Kind, string>> = {
  user: "Its keys act for nobody and its nodes serve nobody, until you restore it.",
  node: "It is offered to nobody and cannot enrol, until you restore it.",
  key: "It never acts for its account again; that cannot be taken back.",
};

export interface RevokeFlags {
  kind: Kind;
  id: string;
  yes?: boolean;
}

export async function revoke(context: CommandContext, flags: RevokeFlags): Promise<void> {
  const { output, questions } = context;
  const { kind, id } = flags;
  const preview = [
    `Cut off the ${kind} ${named(id)}.`,
    meanings[kind],
    "Tickets that are out there run out: within five minutes they take no more requests, and half an hour later the last answer has ended. What was done is settled.",
  ];
  if (!(await questions.mayGoOn(preview, flags))) return output.note("Nothing was revoked.");
  const answer = await ask(context, flags, "revoke");
  output.say(`Revoked: the ${kind} ${id}`);
  if (answer.tickets_end_at !== null)
    output.say(
      `Tickets that are out there: ${answer.open_tickets}; the last takes requests until ${shownTime(answer.tickets_end_at)} UTC.`,
    );
  output.json(answer);
}

export async function restore(context: CommandContext, flags: RevokeFlags): Promise<void> {
  const { output } = context;
  const answer = await ask(context, flags, "restore");
  output.say(`Let in again: the ${flags.kind} ${flags.id}`);
  output.json(answer);
}

const ask = (context: CommandContext, { kind, id }: RevokeFlags, act: "revoke" | "restore") =>
  askOperator(context, {
    method: "POST",
    path: `/admin/${folders[kind]}/${named(id)}/${act}`,
    answer: revocationAnswer,
  });
