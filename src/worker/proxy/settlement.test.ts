import { expect, test } from "vitest";
import { TroopError } from "../../protocol/error-codes.ts";
import { parseRates } from "../../protocol/price.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Ending } from "./attempt.ts";
import { finishOfEnding, isFreeAbort, lineOf, type Settlement } from "./settlement.ts";

const refusal = { error: new TroopError("engine_error"), isWorthRepeating: true };

test.each<[Ending, string | undefined, string]>([
  [{ type: "whole" }, "length", "length"],
  [{ type: "whole" }, undefined, "stop"],
  [{ type: "broken" }, "stop", "worker_error"],
  [{ type: "refused", refusal, connection: "fine" }, undefined, "worker_error"],
  [{ type: "stopped", reason: "budget" }, undefined, "budget"],
  [{ type: "stopped", reason: "client_gone" }, undefined, "client_gone"],
  [{ type: "stopped", reason: "timeout" }, undefined, "timeout"],
  [{ type: "stopped", reason: "stopping" }, undefined, "worker_error"],
])("%j with the engine's reason %s finishes as %s", (ending, reason, finish) => {
  expect(finishOfEnding(ending, reason)).toBe(finish);
});

const settlement: Settlement = {
  secret: createSecretTree(new Uint8Array(32)).reveal(1),
  ...{ started: 5_000, ended: 9_000, admittedAt: 100, finish: "stop" },
  metered: {
    ...{ billedMs: 3_000, promptTokens: 7, completionTokens: 2 },
    ...{ estimated: false, firstContentAt: 350.4 },
  },
  wireHashes: { request: "q".repeat(43), response: "r".repeat(43) },
  rate: parseRates({
    per_second: "1.000000000000",
    per_prompt_token: "0.000100000000",
    per_completion_token: "0.001000000000",
  }),
  ...{ isOwn: false, isAnswered: true, isFree: false },
};

test.each<[string, Partial<Settlement>, string]>([
  ["an answer", {}, "0.002700"],
  ["one ended by its budget", { finish: "budget" }, "0.002700"],
  ["one that took too long", { finish: "timeout" }, "0.002700"],
  ["one that took too long to begin", { finish: "timeout", isAnswered: false }, "0.000000"],
  ["one that broke", { finish: "worker_error" }, "0.000000"],
  ["the owner's own", { isOwn: true }, "0.000000"],
  ["one given up by its client", { finish: "client_gone" }, "0.002700"],
  ["one given up before it began", { finish: "client_gone", isAnswered: false }, "0.002700"],
  ["one given up for nothing", { finish: "client_gone", isFree: true }, "0.000000"],
])("%s costs what it should", (_name, part, cost) => {
  expect(lineOf({ ...settlement, ...part }).cost).toBe(cost);
});

test("a line's times are whole, and it never ends before it started", () => {
  const line = lineOf({ ...settlement, ended: 4_000 });
  expect(line).toMatchObject({ started: 5_000, ended: 5_000, first_token_ms: 250 });
  const silent = { ...settlement.metered, firstContentAt: undefined };
  expect(lineOf({ ...settlement, metered: silent }).first_token_ms).toBeNull();
});

test.each<[Parameters<typeof isFreeAbort>, boolean]>([
  [["client_gone", { ...settlement.metered, firstContentAt: undefined }, 9_999, 2], true],
  [["client_gone", { ...settlement.metered, firstContentAt: undefined }, 10_000, 0], false],
  [["client_gone", { ...settlement.metered, firstContentAt: undefined }, 1, 3], false],
  [["client_gone", settlement.metered, 1, 0], false],
  [["timeout", { ...settlement.metered, firstContentAt: undefined }, 1, 0], false],
])("hanging up is free early, without a token, three times: %#", (given, isFree) => {
  expect(isFreeAbort(...given)).toBe(isFree);
});
