/** What does not open at a worker: everything that was altered, or sealed for something else. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestTicket } from "../../../test/support/fake-engine/coordinator-stub.ts";
import { type AskOptions, requestBytes } from "../../../test/support/fake-engine/infer-client.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";

let network: TestWorker;
beforeAll(async () => {
  network = await startTestWorker();
});
afterAll(() => network[Symbol.asyncDispose]());

type Altered = Pick<AskOptions, "k" | "headers" | "bytes">;

test.each<[string, (ticket: TestTicket) => Altered | Promise<Altered>]>([
  ["an altered index", () => ({ k: 2, headers: { "troop-index": "4" } })],
  ["an altered attempt", () => ({ headers: { "troop-attempt": "A".repeat(22) } })],
  [
    "an altered byte",
    (ticket) => {
      const bytes = requestBytes({ url: "", ticket });
      bytes[100]! ^= 1;
      return { bytes };
    },
  ],
  [
    "another ticket than it was sealed under",
    async () => ({ headers: { authorization: `Bearer ${(await network.ticket()).token}` } }),
  ],
])("%s is refused before anything is admitted, and the number stays free", async (_name, alter) => {
  const ticket = await network.ticket();
  const altered = await alter(ticket);
  const heard = network.engine.requests.all.length;
  const reply = await network.ask({ ticket, ...altered });
  expect(reply).toMatchObject({ code: "seal_broken", status: 400, outerStatus: 400 });
  expect(network.engine.requests.all).toHaveLength(heard);
  const whole = await network.ask({ ticket, k: altered.k ?? 1 });
  expect(whole.line).toMatchObject({ k: altered.k ?? 1, finish: "stop" });
});
