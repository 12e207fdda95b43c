/** `troop transactions`: where credits came from and went. */
import { transactionsAnswer } from "../../protocol/endpoints.ts";
import { accountSigner, type CommandContext, connectCoordinator } from "../context.ts";

export interface TransactionsFlags {
  limit: string;
  cursor?: string;
}

export async function transactions(
  context: CommandContext,
  { limit, cursor }: TransactionsFlags,
): Promise<void> {
  const signer = await accountSigner(context);
  await using coordinator = connectCoordinator(context);
  const answer = await coordinator.call({
    method: "GET",
    path: `/users/${signer.id}/transactions`,
    query: { limit, ...(cursor ? { cursor } : {}) },
    answer: transactionsAnswer,
    signer,
    signal: context.shutdown,
  });
  const { output } = context;
  if (answer.transactions.length === 0)
    output.say("Nothing yet. Credits move when a request was answered.");
  else {
    output.table(
      ["when", "amount", "kind", "what for"],
      answer.transactions.map(({ created_at, amount, kind, description }) => [
        new Date(created_at).toISOString().slice(0, 19).replace("T", " "),
        amount,
        kind,
        description,
      ]),
    );
  }
  if (answer.next_cursor)
    output.say(output.dim(`older ones: troop transactions --cursor ${answer.next_cursor}`));
  output.json(answer);
}
