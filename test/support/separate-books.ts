/** What the books of separate processes say once nobody has anything left to tell the coordinator. */
import { expect } from "vitest";
import type { StoredEntry } from "../../src/coordinator/ledger/history-store.ts";
import { costOf } from "../../src/protocol/price.ts";
import type { SeparateNetwork } from "./separate-network.ts";

const starter = 1_000_000_000n;

/** Waits until neither side has anything left to tell the coordinator. */
export async function delivered({ workerUrl, clientUrl }: SeparateNetwork): Promise<void> {
  await nothingWaits(workerUrl, "receipts_waiting");
  await nothingWaits(clientUrl, "pending_acknowledgements");
}

export async function nothingWaits(url: string, name: string): Promise<void> {
  const waiting = async () =>
    ((await (await fetch(`${url}/status`)).json()) as Record<string, number>)[name];
  await expect.poll(waiting, { interval: 100, timeout: 60_000 }).toBe(0);
}

export type BookedRequest = Extract<StoredEntry, { type: "request" }>;

/** The requests in the books, oldest first; and that the books are sound and every credit is where they say. */
export async function soundBooks({
  books,
  requester,
  provider,
}: SeparateNetwork): Promise<BookedRequest[]> {
  expect(await books.audit()).toEqual([]);
  const requests = (await books.history(requester, undefined, 200))
    .filter((entry) => entry.type === "request")
    .toReversed();
  const sum = (of: BookedRequest[]) => of.reduce((total, { cost }) => total + cost, 0n);
  const vesting = sum(requests.filter(({ state }) => state === "vesting"));
  expect(await books.balance(requester)).toMatchObject({
    posted: starter - sum(requests),
    vesting: 0n,
  });
  expect(await books.balance(provider)).toMatchObject({
    posted: sum(requests) - vesting,
    vesting,
  });
  for (const entry of requests) {
    const usage = {
      billedMs: Number(entry.billed_ms),
      promptTokens: entry.prompt_tokens ?? 0,
      completionTokens: entry.completion_tokens ?? 0,
    };
    const { per_second: perSecond, per_prompt_token, per_completion_token } = entry;
    const rate = {
      perSecond,
      perPromptToken: per_prompt_token,
      perCompletionToken: per_completion_token,
    };
    expect(entry.cost).toBe(entry.finish === "worker_error" ? 0n : costOf(usage, rate));
  }
  return requests;
}
