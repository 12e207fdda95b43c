/** Which bucket a call is charged to: the table of docs/api.md. */
import { describe, expect, test } from "vitest";
import type { Source } from "../../host/client-address.ts";
import { chargeOf, type Call, type Caller } from "./charges.ts";

const rates = { defaultPerHour: 100, strictPerHour: 20, heartbeatMs: 10_000 };
const world: Source = { address: "203.0.113.7", isVeiled: false };
const known: Caller = { kind: "known", id: "k" };
const claimed: Caller = { kind: "claimed", id: "k" };
const stranger: Caller = { kind: "stranger" };
const anybody: Caller = { kind: "anybody" };
const impostor: Caller = { kind: "impostor" };
const callOf = (fields: Partial<Call>): Call => ({
  ...{ route: "GET /peers", caller: known, source: world, isRepeat: false },
  ...fields,
});

describe("from the world", () => {
  test.each<[string, Partial<Call>, string, number, number, boolean]>([
    ["a known key", {}, "calls k", 600, 3_600, false],
    ["its tickets", { route: "POST /authorize" }, "authorize k", 120, 3_600, true],
    [
      "a ticket asked for again",
      { route: "POST /authorize", isRepeat: true },
      "calls k",
      600,
      3_600,
      true,
    ],
    ["its gifts", { route: "POST /transfers" }, "calls k", 600, 3_600, true],
    ["its heartbeats", { route: "POST /heartbeat" }, "heartbeat k", 40, 10, false],
    [
      "receipts",
      { route: "POST /receipts", caller: claimed },
      "statements POST /receipts k 203.0.113.7",
      60,
      60,
      false,
    ],
    [
      "a key of nobody's that looks around",
      { caller: stranger },
      "default 203.0.113.7",
      100,
      3_600,
      false,
    ],
    [
      "one that joins",
      { route: "POST /users", caller: stranger },
      "strict 203.0.113.7",
      20,
      3_600,
      true,
    ],
    [
      "one that enrols",
      { route: "POST /nodes", caller: stranger },
      "strict 203.0.113.7",
      20,
      3_600,
      false,
    ],
    [
      "one that wants a ticket",
      { route: "POST /authorize", caller: stranger },
      "strict 203.0.113.7",
      20,
      3_600,
      true,
    ],
    [
      "one that wants to be tried",
      { route: "POST /hardware/verify", caller: stranger },
      "strict 203.0.113.7",
      20,
      3_600,
      false,
    ],
    ["nobody", { route: "GET /tariff", caller: anybody }, "default 203.0.113.7", 100, 3_600, false],
    ["a proof that does not verify", { caller: impostor }, "strict 203.0.113.7", 20, 3_600, false],
  ])("%s", (_name, fields, bucket, limit, seconds, isMoney) => {
    const charge = chargeOf(callOf(fields), rates);
    expect(charge).toEqual({ bucket, limit, windowMs: seconds * 1_000, isMoney });
  });
});

test.each(["10.0.0.9", "100.64.0.9", "192.168.7.7"])(
  "whom a network of their own let in is limited as an account, and not by the address: %s",
  (address) => {
    const source = { address, isVeiled: false };
    for (const caller of [stranger, anybody, impostor])
      expect(chargeOf(callOf({ caller, source }), rates)).toBeUndefined();
    expect(chargeOf(callOf({ source }), rates)?.bucket).toBe("calls k");
    // Nobody uses up what another may send by naming it.
    const sent = callOf({ route: "POST /receipts", caller: claimed, source });
    expect(chargeOf(sent, rates)?.bucket).toBe(`statements POST /receipts k ${address}`);
  },
);

test("nothing that comes from this machine itself is limited, unless a proxy stands there", () => {
  const here = { address: "127.0.0.1", isVeiled: false };
  for (const caller of [known, claimed, stranger, anybody, impostor]) {
    expect(chargeOf(callOf({ caller, source: here }), rates)).toBeUndefined();
    expect(chargeOf(callOf({ caller, source: { ...here, isVeiled: true } }), rates)).toBeDefined();
  }
});

test("a worker that beats as often as its load changes keeps a quarter of its heartbeats to spare", () => {
  const source = world;
  const beats = chargeOf(callOf({ route: "POST /heartbeat", source }), {
    ...rates,
    heartbeatMs: 200,
  });
  expect(beats).toMatchObject({ limit: 4, windowMs: 1_000 });
});
