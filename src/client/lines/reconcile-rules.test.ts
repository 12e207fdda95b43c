import { describe, expect, test } from "vitest";
import type { HistoryEntry } from "../../protocol/endpoints.ts";
import { findingOf, type OpenRecord, wordOn } from "./reconcile-rules.ts";

const line = { line_hash: "hash", billed_ms: 5_000, prompt_tokens: 10, completion_tokens: 20 };
const record: OpenRecord = {
  hold: "h",
  k: 1,
  started: 100_000,
  outcome: "no_line",
  billedMs: 6_000,
  promptTokens: 100,
  completionTokens: 40,
};
const finding = { kind: "vesting" as const, line, receivedAt: 110_000 };
const word = (fields: Partial<OpenRecord>, grace = 32) =>
  wordOn({ ...record, ...fields }, finding, 200_000, grace).line;

describe("of a line that never came here is said", () => {
  test("that it was not received, where nothing of the answer was", () => {
    expect(word({ completionTokens: 0 })).toEqual({ k: 1, verdict: "not_received" });
  });

  test("ok, where it is within what was seen of it", () => {
    expect(word({})).toMatchObject({ verdict: "ok", line_hash: "hash", billed_ms: 6_000 });
  });

  test.each<[string, Partial<OpenRecord>, number]>([
    ["longer", { billedMs: 4_999 }, 32],
    [
      "more tokens than there were bytes and the grace",
      { completionTokens: 19, promptTokens: 9 },
      1,
    ],
  ])("that it differs, with our figures, where it bills %s", (_what, fields, grace) => {
    const { billedMs, promptTokens, completionTokens } = { ...record, ...fields };
    expect(word(fields, grace)).toEqual({
      k: 1,
      verdict: "differs",
      line_hash: "hash",
      billed_ms: billedMs,
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
    });
  });

  test("ok, where we hung up before anything came: it was our own doing", () => {
    expect(word({ outcome: "gone", completionTokens: 0 })).toMatchObject({
      verdict: "ok",
      completion_tokens: 20,
    });
  });

  test("of a process that was killed, ok for as long as it can have run, and no longer", () => {
    const lost = { ...record, outcome: "lost" as const, billedMs: null, completionTokens: null };
    expect(wordOn(lost, finding, 103_000, 32).line).toMatchObject({ verdict: "ok" });
    expect(wordOn(lost, finding, 102_999, 32).line).toMatchObject({
      verdict: "differs",
      billed_ms: 4_999,
      completion_tokens: 20,
    });
    const late = { ...finding, receivedAt: 102_000 };
    expect(wordOn(lost, late, 200_000, 32).line).toMatchObject({ verdict: "differs" });
  });
});

test("what is settled, or already spoken of, needs no word", () => {
  const entry = (metadata: HistoryEntry["metadata"]): HistoryEntry => ({
    ...{ id: "h.1", user_id: "me", amount: "-1.000000", transaction_type: "debit" },
    ...{ kind: "request", description: "", created_at: 7, metadata },
  });
  expect(findingOf(entry({ ...line, state: "vesting", verdict: null }))).toEqual({
    kind: "vesting",
    line,
    receivedAt: 7,
  });
  expect(findingOf(entry({ ...line, state: "vesting", verdict: "ok" })).kind).toBe("over");
  expect(findingOf(entry({ ...line, state: "settled", verdict: null })).kind).toBe("over");
});
