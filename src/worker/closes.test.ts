/** The worker's last word on a ticket: when it is said, that it is not lost, and what it frees. */
import OpenAI from "openai";
import { expect, test, vi } from "vitest";
import { startNetwork } from "../../test/network.ts";
import { readReply } from "../../test/support/fake-engine/infer-client.ts";
import { gatedText } from "../../test/support/fake-engine/script.ts";
import { startTestWorker } from "../../test/support/fake-engine/test-worker.ts";
import { balanceAnswer } from "../protocol/endpoints.ts";

const minute = 60_000;

test("half a minute after a ticket's end its worker states the numbers that were used, once", async () => {
  await using network = await startTestWorker();
  const { coordinator, clock, until } = network;
  const ticket = await network.ticket();
  for (const k of [1, 3]) await network.ask({ ticket, k });
  const ends = ticket.claims.exp * 1_000;
  const close = await until(coordinator.closes.next(), 5_000);
  expect(close).toEqual({ hold: ticket.claims.jti, numbers: [1, 3] });
  expect(clock.now()).toBeGreaterThanOrEqual(ends + 30_000);
  const after = coordinator.beats.all.length;
  await until(
    vi.waitUntil(() => coordinator.beats.all.length > after + 5, { timeout: 20_000 }),
    5_000,
  );
  expect(coordinator.closes.all).toHaveLength(1);
});

test("not while a request under the ticket still runs", async () => {
  await using network = await startTestWorker({ script: gatedText("one", "two", "three") });
  const { coordinator, clock, engine, until } = network;
  const ticket = await network.ticket();
  const { response } = network.start({ ticket });
  const reply = response.then(readReply);
  /** Lets beats come and go until `time`, so that real I/O keeps up with the clock. */
  const passUntil = async (time: number) => {
    while (clock.now() < time) {
      const beats = coordinator.beats.all.length;
      const isBeaten = () => coordinator.beats.all.length > beats;
      await until(vi.waitUntil(isBeaten, { timeout: 20_000 }), 2_000);
    }
  };
  // An engine that is silent for five minutes would be given up.
  engine.next();
  await passUntil(clock.now() + 3 * minute);
  engine.next();
  await passUntil(ticket.claims.exp * 1_000 + minute);
  expect(coordinator.closes.all).toEqual([]);
  engine.next();
  engine.next();
  expect((await reply).line).toMatchObject({ finish: "stop" });
  expect(await until(coordinator.closes.next(), 5_000)).toMatchObject({ numbers: [1] });
});

test("a coordinator that is away hears it later, also from the next process", async () => {
  await using network = await startTestWorker();
  const { coordinator, clock, until } = network;
  const ticket = await network.ticket();
  await network.ask({ ticket });
  await network.restart();
  await clock.advance(5 * minute);
  coordinator.refuse("/receipts", { code: "ledger_unavailable" });
  expect(await until(coordinator.closes.next(), 5_000)).toEqual({
    hold: ticket.claims.jti,
    numbers: [1],
  });
});

test("what a ticket did not use is the requester's again within a minute of its end", async () => {
  await using network = await startNetwork();
  const { clock, coordinator, sidecar, requester, calls } = network;
  const held = async () => {
    const path = `/users/${requester.id}/balance`;
    const answer = balanceAnswer;
    return (await calls.call({ method: "GET", path, answer, signer: requester })).held;
  };
  const sdk = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "any", maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "Say hello." }];
  await sdk.chat.completions.create({ model: "test-model", messages });
  await network.settle();
  const started = clock.now();
  expect(await held()).not.toBe("0.000000");
  await vi.waitFor(
    async () => {
      await clock.advance(5_000);
      expect(await held()).toBe("0.000000");
    },
    { timeout: 20_000, interval: 5 },
  );
  expect(clock.now() - started).toBeLessThanOrEqual(6 * minute + 30_000);
  expect(await coordinator.auditLedger()).toEqual([]);
});
