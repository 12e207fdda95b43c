/** The owner comes back, as their GPU shows it: what becomes of requests, of models in memory, and when lending goes on. */
import { expect, test } from "vitest";
import { testModel } from "../../../test/support/fake-engine/fake-engine.ts";
import { readReply } from "../../../test/support/fake-engine/infer-client.ts";
import { gatedText, plainText } from "../../../test/support/fake-engine/script.ts";
import {
  startTestWorker,
  type TestWorker,
  type TestWorkerOptions,
} from "../../../test/support/fake-engine/test-worker.ts";
import { createFakeNvidiaSmi, type FakeNvidiaSmi } from "../../../test/support/fake-nvidia-smi.ts";
import { readOwnerSettings } from "./config.ts";
import { sampleMs } from "./owner.ts";
import { marks } from "./presence.ts";
import { sensesHere } from "./senses.ts";

const idle = { load: 3 };
/** A program is started for each look, which takes a busy machine a while. */
const patience = { timeout: 20_000 };
/** Our request and the owner's rendering, at once. */
const both = { load: 98, processes: { ollama: 60, blender: 38 } };

const start = (smi: FakeNvidiaSmi, options: TestWorkerOptions = {}) =>
  startTestWorker({
    ...{ type: "ollama", models: [{ ...testModel("test-model"), loaded: false }] },
    ...{ script: gatedText("one", "two"), senses: (clock) => sensesHere(smi.environment, clock) },
    ...options,
  });

/** Lets the worker look this often, two seconds apart. */
async function look({ worker, clock }: TestWorker, times = 1) {
  const isSeen = async () => {
    await expect.poll(() => worker.status().presence.sampled_at, patience).toBe(clock.now());
  };
  if (worker.status().presence.sampled_at === null) await isSeen();
  for (let count = 0; count < times; count += 1) {
    await clock.advance(sampleMs);
    await isSeen();
  }
}

/** A request of which one word has arrived. */
async function begin(network: TestWorker) {
  const { response } = network.start({ ticket: await network.ticket() });
  await network.engine.requests.next();
  network.engine.next();
  return { reply: readReply(await response) };
}

const unloads = ({ engine }: TestWorker) =>
  engine.requests.all.filter(({ path }) => path === "/api/generate").map(({ body }) => body);

test("on others' load new requests are refused within two samples, and what runs is handed back within a second", async () => {
  await using smi = await createFakeNvidiaSmi(idle);
  await using network = await start(smi);
  const { worker, engine, clock } = network;
  await look(network);
  expect(worker.status()).toMatchObject({ status: "IDLE", presence: { state: "away" } });
  const { reply } = await begin(network);
  await smi.show(both);
  await look(network);
  expect(worker.status().presence.state).toBe("away");
  await look(network);
  const returned = clock.now();
  expect(worker.status()).toMatchObject({
    status: "BUSY",
    presence: { state: "present", reason: "load", source: "nvidia", others_load: 38 },
  });
  // No time passes from here on.
  expect((await engine.aborted.next()).path).toBe("/v1/chat/completions");
  const { line, text } = await reply;
  expect(line).toMatchObject({ finish: "yielded", completion_tokens: 1 });
  expect(Number(line!.cost)).toBeGreaterThan(0);
  expect(text).toContain("owner_busy");
  await expect
    .poll(() => unloads(network), patience)
    .toEqual([{ model: "test-model", keep_alive: 0 }]);
  const refused = await network.ask({ ticket: await network.ticket() });
  expect(refused).toMatchObject({ code: "owner_busy", status: 503 });
  expect(refused.headers["retry-after"]).toBe("60");
  expect(clock.now()).toBe(returned);

  await smi.show(idle);
  await look(network, marks.quietMs / sampleMs);
  expect(worker.status().presence.state).toBe("present");
  await look(network);
  expect(worker.status()).toMatchObject({ status: "IDLE", presence: { state: "away" } });
  engine.play(plainText("fine"));
  const again = await network.ask({ ticket: await network.ticket() });
  expect(again.line).toMatchObject({ finish: "stop" });
});

test("the coordinator hears of it at once, both ways", async () => {
  await using smi = await createFakeNvidiaSmi(idle);
  await using network = await start(smi);
  await look(network);
  await smi.show({ load: 90 });
  await look(network, 2);
  await expect.poll(() => network.coordinator.beats.all.at(-1)?.status, patience).toBe("BUSY");
  await smi.show(idle);
  await look(network, marks.quietMs / sampleMs + 1);
  await expect.poll(() => network.coordinator.beats.all.at(-1)?.status, patience).toBe("IDLE");
});

test("our own load is never counted as the owner's, nor what is left of it just after", async () => {
  await using smi = await createFakeNvidiaSmi(idle);
  await using network = await start(smi);
  const { engine, worker } = network;
  await look(network);
  const { reply } = await begin(network);
  await smi.show({ load: 99, processes: { ollama: 99, Xorg: 2 } });
  await look(network, 5);
  expect(worker.status().presence).toMatchObject({ state: "away", others_load: 2 });
  for (let word = 0; word < 2; word += 1) engine.next();
  expect((await reply).line).toMatchObject({ finish: "stop" });
  await look(network, 2);
  expect(worker.status()).toMatchObject({ status: "IDLE", presence: { state: "away" } });
  // Long after, it can only be the owner who asks their own engine.
  await look(network, 3);
  expect(worker.status().presence).toMatchObject({ state: "present", others_load: 99 });
});

test("an engine that misses a question while it computes for us is no owner's program", async () => {
  await using smi = await createFakeNvidiaSmi(idle);
  await using network = await start(smi, { config: { modelRefreshMs: sampleMs } });
  const { engine, worker } = network;
  await look(network);
  const { reply } = await begin(network);
  engine.offer(undefined);
  await smi.show({ load: 99, processes: { ollama: 99 } });
  await look(network, 4);
  expect(worker.status()).toMatchObject({ models: [], presence: { state: "away" } });
  for (let word = 0; word < 2; word += 1) engine.next();
  expect((await reply).line).toMatchObject({ finish: "stop" });
});

test("a model that was in memory before us stays there", async () => {
  await using smi = await createFakeNvidiaSmi(idle);
  await using network = await start(smi, { models: [testModel("test-model")] });
  await look(network);
  const { reply } = await begin(network);
  await smi.show(both);
  await look(network, 2);
  expect((await reply).line).toMatchObject({ finish: "yielded" });
  expect(await network.ask({ ticket: await network.ticket() })).toMatchObject({
    code: "owner_busy",
  });
  expect(unloads(network)).toEqual([]);
});

test("with `finish` what runs is completed, nothing new is taken, and the model goes afterwards", async () => {
  await using smi = await createFakeNvidiaSmi(idle);
  await using network = await start(smi, {
    config: { idle: readOwnerSettings({ OWNER_YIELD: "finish" }) },
  });
  const { engine } = network;
  await look(network);
  const { reply } = await begin(network);
  await smi.show(both);
  await look(network, 2);
  expect(await network.ask({ ticket: await network.ticket() })).toMatchObject({
    code: "owner_busy",
  });
  expect(unloads(network)).toEqual([]);
  for (let word = 0; word < 2; word += 1) engine.next();
  expect((await reply).line).toMatchObject({ finish: "stop" });
  await expect.poll(() => unloads(network), patience).toHaveLength(1);
});

test("a pause is the owner's return too", async () => {
  await using network = await startTestWorker({
    ...{ type: "ollama", models: [{ ...testModel("test-model"), loaded: false }] },
    script: gatedText("one", "two"),
  });
  const { reply } = await begin(network);
  network.worker.pause();
  expect((await reply).line).toMatchObject({ finish: "yielded" });
  await expect.poll(() => unloads(network), patience).toHaveLength(1);
});

test("an instrument that breaks down mid-way is not taken for the owner, and without any other the load average tells", async () => {
  await using smi = await createFakeNvidiaSmi(idle);
  await using network = await start(smi);
  await look(network);
  await smi.breakDown();
  await look(network, 2);
  expect(network.worker.status().presence).toMatchObject({ source: null, state: "unknown" });
  await look(network);
  expect(network.worker.status().presence).toMatchObject({ source: "load-average" });
});

test("without senses nothing is watched, and the status says so", async () => {
  await using network = await startTestWorker();
  expect(network.worker.status().presence).toMatchObject({ state: "unknown", sampled_at: null });
});
