/** `troop transactions`: where credits came from and went. */
import type { CoordinatorClient } from "../../host/coordinator-client.ts";
import { type HistoryKind, transactionsAnswer } from "../../protocol/endpoints.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { historyCsvHeader, historyCsvLines } from "../../protocol/history-csv.ts";
import { limits } from "../../protocol/limits.ts";
import { type CommandContext, connectCoordinator } from "../context.ts";
import { type Identity, identityOf } from "../identity.ts";

export interface TransactionsFlags {
  limit: string;
  cursor?: string;
  kind?: HistoryKind;
  csv?: boolean;
}

export async function transactions(
  context: CommandContext,
  flags: TransactionsFlags,
): Promise<void> {
  const { output } = context;
  if (flags.csv && output.isJson) throw new TroopError("usage", "Either --csv or --json.");
  const identity = await identityOf(context);
  await using coordinator = connectCoordinator(context);
  if (flags.csv) return await printCsv(context, coordinator, identity, flags);
  const answer = await readPage(context, coordinator, identity, flags);
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

const readPage = (
  { shutdown: signal }: CommandContext,
  coordinator: CoordinatorClient,
  { accountId, signer }: Identity,
  { limit, cursor, kind }: TransactionsFlags,
) =>
  coordinator.call({
    method: "GET",
    path: `/users/${accountId}/transactions`,
    query: { limit, ...(cursor ? { cursor } : {}), ...(kind ? { kind } : {}) },
    answer: transactionsAnswer,
    ...{ signer, signal },
  });

/** All of it, page by page: nothing is collected. */
async function printCsv(
  context: CommandContext,
  coordinator: CoordinatorClient,
  identity: Identity,
  flags: TransactionsFlags,
): Promise<void> {
  context.output.stream(historyCsvHeader);
  for (let cursor = flags.cursor; ;) {
    const wanted = { ...flags, limit: String(limits.pageMost), ...(cursor ? { cursor } : {}) };
    const page = await readPage(context, coordinator, identity, wanted);
    context.output.stream(historyCsvLines(page.transactions));
    if (!page.next_cursor) return;
    cursor = page.next_cursor;
  }
}
