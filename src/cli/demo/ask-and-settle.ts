/** One question from end to end: asked, answered, paid, and read back from the books of both sides. */
import type { CommandContext } from "../context.ts";
import { streamAnswer } from "../stream-answer.ts";
import { openBooks } from "./books.ts";
import type { DemoNetwork } from "./network.ts";
import { waitUntilSettled } from "./settled.ts";

/** The object that `troop demo --ask … --json` ends with. Amounts are credits with six decimals. */
export interface AskResult {
  answer: string;
  model: string;
  node: string;
  engine: string;
  usage: { prompt_tokens: number; completion_tokens: number };
  cost: string;
  multiplier: string;
  /** Where the multiplier comes from. */
  provenance: string;
  receipt: { settled: boolean; acknowledged: boolean };
  requester: { before: string; after: string };
  provider: { before: string; after: string };
  first_token_ms: number;
}

export async function askAndSettle(
  context: CommandContext,
  network: DemoNetwork,
  model: string,
  question: string,
): Promise<AskResult> {
  const { output } = context;
  const { requester, provider, sidecar, worker } = network;
  await using books = openBooks(context, network.coordinator.url);
  // With the first ticket the account exists and has its starter credits; only then is there a "before".
  await sidecar.prepare(model);
  const before = {
    requester: await books.posted(requester),
    provider: await books.posted(provider),
  };
  const known = new Set((await books.history(requester)).map(({ id }) => id));

  const begun = context.clock.monotonic();
  let firstTokenMs: number | undefined;
  const listener = {
    thought: () => undefined,
    text(piece: string) {
      firstTokenMs ??= Math.round(context.clock.monotonic() - begun);
      output.stream(piece);
    },
  };
  const messages = [{ role: "user" as const, content: question }];
  const asked = { url: sidecar.url, key: undefined, model, messages, temperature: 0 };
  const answer = await streamAnswer(asked, listener, context.shutdown);
  output.say("\n");
  const entry = await waitUntilSettled(context, network, books, known);
  const after = {
    requester: await books.posted(requester),
    provider: await books.posted(provider),
  };
  const cost = entry.amount.replace("-", "");
  output.say(`cost       ${output.bold(cost)} credits  ${output.dim(entry.description)}`);
  const { provenance } = worker.status().proof;
  output.say(`multiplier ${String(entry.metadata.multiplier)} ${output.dim(provenance)}`);
  output.say(`requester  ${before.requester} → ${after.requester}`);
  output.say(`provider   ${before.provider} → ${after.provider}`);
  return {
    answer: answer.text,
    model,
    node: answer.node,
    engine: worker.engineOf(model) ?? "unknown",
    usage: {
      prompt_tokens: answer.prompt_tokens,
      completion_tokens: answer.completion_tokens,
    },
    cost,
    multiplier: String(entry.metadata.multiplier),
    provenance,
    receipt: {
      settled: entry.metadata.state === "settled",
      acknowledged: entry.metadata.verdict === "ok",
    },
    requester: { before: before.requester, after: after.requester },
    provider: { before: before.provider, after: after.provider },
    first_token_ms: firstTokenMs ?? 0,
  };
}
