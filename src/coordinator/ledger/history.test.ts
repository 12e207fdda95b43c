import { expect, test } from "vitest";
import { historyEntry, readCursor, writeCursor } from "./history.ts";
import type { RequestEntry } from "./history-store.ts";

const entry: RequestEntry = {
  type: "request",
  id: "6f3f0f6c-2a1b-8e5c-9d7e-41a5b0c8d2e3.1",
  at: 1,
  hold: "6f3f0f6c-2a1b-8e5c-9d7e-41a5b0c8d2e3",
  k: 1,
  account: "requester",
  payee: "provider",
  node: "node",
  model: "m",
  state: "settled",
  cost: 22_320_000n,
  shortfall: 0n,
  commons: 0n,
  billed_ms: 12_400n,
  prompt_tokens: 100,
  completion_tokens: 712,
  finish: "stop",
  hmac: false,
  line_hash: "hash",
  verdict: "ok",
  disputed: null,
  disputed_ms: null,
  continues: null,
  part: null,
  retry_of: "another.1",
  vests_ms: null,
  multiplier: 18_000,
  per_second: 1_800_000_000_000n,
  per_prompt_token: 10n ** 15n,
  per_completion_token: 10n ** 15n,
};

test.each<[string, Partial<RequestEntry>, string]>([
  ["by time", {}, "12.4 s × 1.8000"],
  [
    "by tokens",
    { cost: 812_000n, per_prompt_token: 10n ** 9n, per_completion_token: 10n ** 9n },
    "capped by tokens (100 + 712): 0.812000 of 22.32 for 12.4 s × 1.8000",
  ],
  ["less than it might have", { cost: 1n }, "12.4 s × 1.8000, the node asked for less"],
  ["nothing", { cost: 0n }, "12.4 s: free"],
  ["at one's own node", { payee: "requester", cost: 0n }, "own node: free"],
  [
    "not yet",
    { state: "waiting", billed_ms: null, cost: 0n },
    "acknowledged; the node's receipt has not come yet",
  ],
  [
    "more than the ticket",
    { shortfall: 2_320_000n },
    "12.4 s × 1.8000; 2.32 not covered by the ticket",
  ],
  ["in doubt", { state: "vesting", verdict: null }, "12.4 s × 1.8000; vesting until acknowledged"],
  ["in dispute", { commons: 500_000n }, "12.4 s × 1.8000; 0.500000 disputed, to the commons"],
  [
    "for an answer that never came",
    { state: "vesting", verdict: "not_received" },
    "12.4 s × 1.8000; in doubt, decided within a day",
  ],
  ["and disputed later", { disputed: "refused" }, "12.4 s × 1.8000; disputed"],
  ["and given back", { state: "reversed" }, "12.4 s × 1.8000; given back"],
])("a request charged %s says so", (_name, fields, description) => {
  expect(historyEntry("requester", { ...entry, ...fields }).description).toBe(description);
});

test("what one side loses is what the other gains and the commons get", () => {
  const disputed = { ...entry, commons: 320_000n };
  expect(historyEntry("requester", disputed).amount).toBe("-22.320000");
  expect(historyEntry("provider", disputed).amount).toBe("22.000000");
});

test("which requests belong together is told to the requester only", () => {
  expect(historyEntry("requester", entry).metadata.retry_of).toBe("another.1");
  expect(historyEntry("provider", entry).metadata.retry_of).toBeNull();
});

test("a cursor comes back as it was; anything else is refused", () => {
  const cursor = { at: 1_800_000_000_000, id: entry.id };
  expect(readCursor(writeCursor(cursor))).toEqual(cursor);
  for (const text of ["", "x", Buffer.from("1 2").toString("base64url")])
    expect(() => readCursor(text)).toThrowError(expect.objectContaining({ param: "cursor" }));
});
