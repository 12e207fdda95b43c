/** What a worker makes of a coordinator that has no time for its proof at this moment. */
import { expect, test } from "vitest";
import { makeSigner } from "../../../test/network.ts";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { startEndlessProver } from "../../../test/support/endless-prover.ts";
import type { Clock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createCoordinatorClient } from "../../host/coordinator-client.ts";
import { createExchange, type Task } from "./exchange.ts";

const task: Task = {
  ...{ kind: "chain", session: "6f3f0f6c-2a1b-4e5c-9d7e-41a5b0c8d2e3", seed: "A".repeat(43) },
  ...{ n: 256, layers: 4, deadline_ms: 15_000 },
};

/** What comes of showing rows to a coordinator that refuses them so often, and how often they were shown. */
async function shownTo(
  refusals: number,
  code = "rate_limit_exceeded",
  headers: Record<string, string> = {},
) {
  const fake = createFakeClock();
  const pauseMs = 1_000 * Number(headers["retry-after"] ?? 1);
  /** Time passes while it waits, and not while it asks, however long that takes here. */
  let isPausing = false;
  const clock: Clock = {
    ...fake,
    timer(delayMs, callback) {
      isPausing ||= delayMs === pauseMs;
      return fake.timer(delayMs, callback);
    },
  };
  let shown = 0;
  const answerTo = (url: string): object => {
    if (url.endsWith("/commit")) return { rows: [{ layer: 0, row: 0 }] };
    shown += 1;
    return shown > refusals
      ? { outcome: "passed", span_ms: 1 }
      : { error: { code, message: "Not now.", type: "t", param: null }, request_id: "r" };
  };
  await using coordinator = createCoordinatorClient({
    ...{ url: "http://127.0.0.1:9", clock, random: systemRandom },
    async transport({ url }) {
      const answer = answerTo(url);
      return {
        ...{ status: "error" in answer ? 429 : 200, headers },
        text: async () => JSON.stringify(answer),
      };
    },
  });
  const exchange = createExchange({
    ...{ coordinator, node: await makeSigner(), clock, emptyMemory: async () => {} },
  });
  const child = {
    ...(await startEndlessProver("wasm")),
    commit: async () => "A".repeat(43),
    open: async () => ({ layer_roots: "", rows: [] }),
  };
  const { device } = child;
  let outcome: unknown;
  const settle = (met: unknown) => (outcome = met);
  const { signal } = new AbortController();
  exchange.meet({ child, kind: "wasm", device }, task, signal).then(settle, settle);
  const pass = async () => {
    if (!isPausing) return outcome;
    isPausing = false;
    await fake.advance(pauseMs);
    return outcome;
  };
  await expect.poll(pass, { interval: 5 }).toBeDefined();
  return { outcome, shown };
}

test("rows that cannot be checked just now are shown again", async () => {
  expect(await shownTo(3)).toEqual({ outcome: true, shown: 4 });
});

test("but not for longer than the coordinator keeps the session", async () => {
  const { outcome, shown } = await shownTo(Infinity);
  expect(outcome).toMatchObject({ code: "rate_limit_exceeded" });
  expect(shown).toBe(25);
});

test("and not where they are refused for good", async () => {
  const { outcome, shown } = await shownTo(1, "challenge_invalid");
  expect([outcome, shown]).toMatchObject([{ code: "challenge_invalid" }, 1]);
});

test("and no sooner than the coordinator says: not at all where that is too late", async () => {
  const after = async (seconds: string) =>
    (await shownTo(Infinity, "rate_limit_exceeded", { "retry-after": seconds })).shown;
  expect(await after("5")).toBe(5);
  expect(await after("600")).toBe(1);
});
