/** `troop dispute`: says that a request was not answered, or not as it should have been. */
import { type HistoryEntry, transactionsAnswer } from "../../protocol/endpoints.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { statementsAnswer } from "../../protocol/receipt.ts";
import { createStatement } from "../../protocol/statement.ts";
import type { CoordinatorClient } from "../../host/coordinator-client.ts";
import { type CommandContext, connectCoordinator } from "../context.ts";
import { type Identity, identityOf } from "../identity.ts";

export interface DisputeFlags {
  request: string;
  reason: "refused" | "not-received";
  yes?: boolean;
}

/** How far back a request is looked for: 10,000 entries. */
const pagesMost = 50;

export async function dispute(context: CommandContext, flags: DisputeFlags): Promise<void> {
  const { output, questions, shutdown: signal } = context;
  const identity = await identityOf(context);
  await using coordinator = connectCoordinator(context);
  const entry = await findRequest(coordinator, identity, flags.request, signal);
  const { hold, k, node, state, verdict } = entry.metadata;
  if (entry.transaction_type !== "debit")
    throw new TroopError("usage", "Only who asked can dispute an answer.");
  const preview = [
    `${entry.id} at node ${String(node).slice(0, 12)}: ${entry.amount} (${entry.description})`,
    state === "vesting" && verdict === null
      ? "Yours is the first word on it: it decides what is paid."
      : "What was paid stays paid; the dispute is a mark on both sides, and cannot be taken back.",
  ];
  if (!(await questions.mayGoOn(preview, flags))) return output.note("Nothing was said.");
  const line = { k, verdict: flags.reason === "refused" ? "refused" : "not_received" };
  const statement = await createStatement(
    identity.signer,
    "troop-acknowledgement+jwt",
    coordinator.url,
    coordinator.time.now(),
    { hold, lines: [line] },
  );
  const { outcomes } = await coordinator.call({
    method: "POST",
    path: "/acknowledgements",
    body: { statements: [statement] },
    answer: statementsAnswer,
    signal,
  });
  const [outcome] = outcomes;
  if (outcome?.status !== "accepted") throw new TroopError(outcome?.code ?? "hold_not_found");
  const [told] = outcome.lines;
  output.say(`Disputed: ${output.bold(entry.id)}. It has paid ${told?.paid ?? "nothing"} so far.`);
  output.json({ request: entry.id, verdict: line.verdict, ...told });
}

/** @throws TroopError `usage` where the account has no such request */
async function findRequest(
  coordinator: CoordinatorClient,
  { accountId, signer }: Identity,
  id: string,
  signal: AbortSignal,
): Promise<HistoryEntry> {
  let cursor: string | null = null;
  for (let page = 0; page < pagesMost; page += 1) {
    const answer: ReturnType<typeof transactionsAnswer.parse> = await coordinator.call({
      method: "GET",
      path: `/users/${accountId}/transactions`,
      query: { limit: String(limits.pageMost), kind: "request", ...(cursor ? { cursor } : {}) },
      answer: transactionsAnswer,
      ...{ signer, signal },
    });
    const found = answer.transactions.find((entry) => entry.id === id);
    if (found) return found;
    cursor = answer.next_cursor;
    if (!cursor) break;
  }
  throw new TroopError("usage", `The account's history has no request ${id}.`, {
    details: { run: "troop transactions --kind request" },
  });
}
