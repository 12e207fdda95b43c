/** What of settlements and verdicts goes on record. */
import { expect, test } from "vitest";
import { callRefused, statementsTaken, verdictGiven } from "./events.ts";

const hold = "0d8f6a0e-6b1c-4b0e-9a3f-2f4f1c7f3a10";
const caller = { ip: "192.0.2.1" };
const accepted = (...lines: [number, "settled" | "receipt_conflict", string][]) => ({
  ...{ status: "accepted" as const, hold },
  lines: lines.map(([k, outcome, paid]) => ({ k, outcome, paid })),
});

test("a call's statements are one event, with what they moved, and one more for what was wrong", () => {
  const outcomes = [
    accepted([1, "settled", "0.500000"], [2, "settled", "0.250000"]),
    accepted([3, "receipt_conflict", "0.000000"]),
    { status: "refused" as const, code: "invalid_signature" as const },
  ];
  expect(statementsTaken("receipts", caller, outcomes)).toEqual([
    {
      ...{ ip: "192.0.2.1", type: "transaction" },
      details: {
        ...{ event: "receipts", lines: 3, settled: 2, receipt_conflict: 1 },
        ...{ paid: "0.750000", holds: [hold] },
      },
    },
    {
      ...{ ip: "192.0.2.1", type: "security" },
      details: {
        ...{ event: "receipts_refused", receipt_conflict: 1, invalid_signature: 1 },
        holds: [hold],
      },
    },
  ]);
});

test("a close, and a statement about nothing that is known, move nothing and are no event", () => {
  const unknown = { status: "refused" as const, code: "hold_not_found" as const };
  expect(statementsTaken("receipts", caller, [accepted(), unknown])).toEqual([]);
});

test("a node that opened its commitment wrongly is on record as quarantined, and why; what it says of itself is not", () => {
  const verdict = {
    ...{ id: "v", node: "n", trial: "t", outcome: "refuted" as const, multiplier: 10_000 },
    ...{ provenance: "refuted" as const, decidedAt: 1 },
    details: { why: "a row differs", device: { id: "its own words" } },
  };
  const event = verdictGiven(verdict);
  expect(event).toMatchObject({
    ...{ type: "security", user: "n" },
    details: { event: "node_quarantined", why: "a row differs", trial: "t" },
  });
  expect(JSON.stringify(event)).not.toContain("its own words");
});

test.each([
  ["invalid_proof", 401, "/peers", "security"],
  ["stale_heartbeat", 409, "/heartbeat", "security"],
  ["insufficient_credits", 402, "/authorize", "authorization"],
  ["join_required", 403, "/authorize", "authorization"],
  ["insufficient_credits", 402, "/transfers", undefined],
  ["ledger_unavailable", 503, "/authorize", undefined],
  ["not_found", 404, undefined, undefined],
] as const)("%s (%i) at %s is %s", (code, status, route, type) => {
  expect(callRefused(caller, route, { code, status })?.type).toBe(type);
});
