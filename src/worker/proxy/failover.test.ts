/** Where one engine fails, another may answer: what it says and takes is all that counts. */
import { expect, test } from "vitest";
import { startFakeEngine } from "../../../test/support/fake-engine/fake-engine.ts";
import { eventsOf } from "../../../test/support/fake-engine/infer-client.ts";
import {
  errorEvent,
  errorStatus,
  gatedText,
  plainText,
  raw,
  type Script,
  waiting,
} from "../../../test/support/fake-engine/script.ts";
import { startTestWorker } from "../../../test/support/fake-engine/test-worker.ts";

test("another engine with the model is tried once, and the failed one is asked what it still has", async () => {
  await using second = await startFakeEngine({ script: plainText("from the second") });
  await using network = await startTestWorker({ script: errorStatus(503), others: [second] });
  const { coordinator, engine } = network;
  await coordinator.beats.next();
  engine.offer(undefined);
  const reply = await network.ask({ ticket: await network.ticket() });
  expect(reply.text).toContain("from the second");
  expect(reply.line).toMatchObject({ finish: "stop" });
  expect(engine.requests.all).toHaveLength(1);
  expect(await coordinator.beats.next()).toMatchObject({ slots: { total: 4 }, snapshot: {} });
  expect(network.worker.status().slots).toEqual({ active: 0, total: 4 });
});

test.each<[string, Script]>([
  ["answers 503", errorStatus(503)],
  ["reports an error at once", errorEvent()],
  ["breaks off within its first event", raw(`data: {"choices":[{"delta":{"content":"lo`)],
])("after an engine that %s the second's answer is whole, and is paid", async (_name, script) => {
  await using second = await startFakeEngine({ script: waiting(plainText("all", "good")) });
  await using network = await startTestWorker({ script, others: [second] });
  const asked = network.ask({ ticket: await network.ticket() });
  await second.requests.next();
  await network.clock.advance(5_000);
  second.next();
  const reply = await asked;
  expect(reply).toMatchObject({ status: 200, code: undefined });
  const contents = eventsOf(reply.text).map(({ choices }) => {
    const [choice] = choices as { delta: { content?: string } }[];
    return choice?.delta.content ?? "";
  });
  expect(contents.join("")).toBe("allgood");
  // Five seconds would cost 5; 7 × 0.0001 + 2 × 0.001 is less.
  expect(reply.line).toMatchObject({
    ...{ finish: "stop", billed_ms: 5_000, first_token_ms: 5_000, estimated: false },
    ...{ prompt_tokens: 7, completion_tokens: 2, cost: "0.002700" },
  });
});

test("the budget ends the second engine's answer as it would have ended the first's", async () => {
  const words = Array.from({ length: 9 }, () => "word");
  await using second = await startFakeEngine({ script: gatedText(...words) });
  await using network = await startTestWorker({ script: errorStatus(503), others: [second] });
  const asked = network.ask({ ticket: await network.ticket({ budget: "0.003000" }) });
  await second.requests.next();
  await network.clock.advance(60_000);
  for (let count = 0; count < 9; count += 1) second.next();
  expect((await asked).line).toMatchObject({ finish: "budget" });
  await second.aborted.next();
});
