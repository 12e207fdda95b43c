/** Where one engine fails, another may answer: what it says and takes is all that counts. */
import { expect, test } from "vitest";
import { startFakeEngine } from "../../../test/support/fake-engine/fake-engine.ts";
import { eventsOf } from "../../../test/support/fake-engine/infer-client.ts";
import {
  cutAfter,
  errorEvent,
  errorStatus,
  gatedText,
  hangUp,
  plainText,
  raw,
  type Script,
  stalling,
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

test.each<[string, Script]>([
  ["broke off in the middle", cutAfter("half")],
  ["fell silent", stalling("half")],
])("an engine that %s is asked at once what it still has", async (_name, script) => {
  // Long enough for nothing but the failure to have been the reason.
  await using network = await startTestWorker({ script, config: { modelRefreshMs: 3_600_000 } });
  const { coordinator, engine } = network;
  await coordinator.beats.next();
  const gone = network.coordinator.beats.all.length;
  const asked = network.ask({ ticket: await network.ticket() });
  await engine.requests.next();
  engine.offer(undefined);
  await network.until(asked, 10_000);
  await expect
    .poll(() => coordinator.beats.all.slice(gone).flatMap(({ snapshot }) => snapshot ?? []))
    .toMatchObject([{ engines: [], models: [] }]);
});

test("an answer that its reader did not want to the end says nothing about the engine", async () => {
  await using network = await startTestWorker({ script: stalling("half") });
  const { coordinator, engine, clock } = network;
  await coordinator.beats.next();
  for (let k = 1; k <= 3; k += 1) {
    const open = network.start({ ticket: await network.ticket(), k });
    await open.response;
    open.request.destroy();
    await engine.aborted.next();
  }
  engine.play(plainText("well"));
  await clock.advance(0);
  expect((await network.ask({ ticket: await network.ticket(), k: 4 })).text).toContain("well");
});

test("requests of one guest that make the engine answer 500 do not take it from the others", async () => {
  await using network = await startTestWorker({ script: errorStatus(500) });
  const ticket = await network.ticket({ sub: "them" });
  for (let k = 1; k <= 4; k += 1)
    expect((await network.ask({ ticket, k })).code).toBe("engine_error");
  expect(network.worker.status().models).toEqual(["test-model"]);
  for (let k = 1; k <= 3; k += 1)
    await network.ask({ ticket: await network.ticket({ sub: `other-${k}` }) });
  expect(network.worker.status().models).toEqual([]);
});

test("a request that is tried twice at one engine speaks against it once", async () => {
  await using network = await startTestWorker({ script: hangUp });
  const ticket = await network.ticket();
  for (let k = 1; k <= 2; k += 1) await network.ask({ ticket, k });
  expect(network.engine.requests.all).toHaveLength(4);
  expect(network.worker.status().models).toEqual(["test-model"]);
  await network.ask({ ticket, k: 3 });
  expect(network.worker.status().models).toEqual([]);
});
