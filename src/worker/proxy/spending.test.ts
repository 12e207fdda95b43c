/** What is spent under a ticket, and by whom it is ended. */
import { expect, test } from "vitest";
import { eventsOf, type Reply } from "../../../test/support/fake-engine/infer-client.ts";
import { gatedText } from "../../../test/support/fake-engine/script.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import type { Line } from "../../protocol/receipt.ts";

const finishReasons = (reply: Reply) =>
  eventsOf(reply.text).flatMap(({ choices }) =>
    ((choices ?? []) as { finish_reason: string | null }[]).flatMap(
      ({ finish_reason }) => finish_reason ?? [],
    ),
  );

/** The next line that reaches the coordinator. */
async function settledLine({ coordinator, worker }: TestWorker): Promise<Line> {
  worker.flush();
  return (await coordinator.lines.next()).line;
}

test("the budget ends a request with a proper end, and then the ticket, also after a restart", async () => {
  const words = Array.from({ length: 9 }, () => "word");
  await using network = await startTestWorker({ script: gatedText(...words) });
  const { engine, clock } = network;
  const ticket = await network.ticket({ budget: "0.003000" });
  const reply = network.ask({ ticket, k: 1 });
  await engine.requests.next();
  await clock.advance(60_000);
  for (let count = 0; count < 9; count += 1) engine.next();
  expect(finishReasons(await reply)).toEqual(["length"]);
  const { line } = await reply;
  expect(line).toMatchObject({ finish: "budget", estimated: true });
  await engine.aborted.next();
  const exhausted = { code: "budget_exhausted", status: 402 };
  expect(await network.ask({ ticket, k: 2 })).toMatchObject(exhausted);
  await network.restart();
  expect(await network.ask({ ticket, k: 3 })).toMatchObject(exhausted);
});

test("requests of one ticket share its budget", async () => {
  const words = Array.from({ length: 6 }, () => "word");
  await using network = await startTestWorker({ script: gatedText(...words) });
  const { engine, clock } = network;
  const ticket = await network.ticket({ budget: "0.004000" });
  const replies = [network.ask({ ticket, k: 1 }), network.ask({ ticket, k: 2 })];
  await engine.requests.next();
  await engine.requests.next();
  await clock.advance(60_000);
  for (let count = 0; count < 12; count += 1) engine.next();
  for (const reply of await Promise.all(replies))
    expect(reply.line).toMatchObject({ finish: "budget" });
});

test("the owner's own request costs nothing and needs no budget", async () => {
  await using network = await startTestWorker();
  const zero = "0.000000000000";
  const ticket = await network.ticket({
    ...{ own: true, budget: "0.000000" },
    rate: { per_second: zero, per_prompt_token: zero, per_completion_token: zero },
  });
  const { line } = await network.ask({ ticket });
  expect(line).toMatchObject({ finish: "stop", cost: "0.000000", completion_tokens: 2 });
});

test("who hangs up ends the engine's work; without a token it is free three times a ticket", async () => {
  await using network = await startTestWorker({ script: gatedText("word") });
  const { engine, clock } = network;
  const ticket = await network.ticket();
  const costs: string[] = [];
  for (let k = 1; k <= 4; k += 1) {
    const { request } = network.start({ ticket, k });
    await engine.requests.next();
    await clock.advance(9_000);
    request.on("error", () => undefined).destroy();
    await engine.aborted.next();
    const line = await settledLine(network);
    expect(line).toMatchObject({ k, finish: "client_gone", first_token_ms: null });
    costs.push(line.cost);
  }
  // 10 bytes of prompt are 3 tokens where no engine counted them.
  expect(costs).toEqual(["0.000000", "0.000000", "0.000000", "0.000300"]);
});

test("who hangs up later pays for what was produced", async () => {
  await using network = await startTestWorker({ script: gatedText("a whole sentence", "more") });
  const { engine, clock } = network;
  const { request, response } = network.start({ ticket: await network.ticket() });
  await engine.requests.next();
  await clock.advance(1_000);
  engine.next();
  await response;
  request.on("error", () => undefined).destroy();
  await engine.aborted.next();
  expect(await settledLine(network)).toMatchObject({
    ...{ finish: "client_gone", completion_tokens: 4, estimated: true, cost: "0.004300" },
  });
});
