/**
 * Three engines with one model, each under its own name for it, driven over HTTP as real ones are. The preferred one
 * dies in the middle of an answer and comes back: that answer ends with its error, what follows goes to the next
 * engine, and once the first has recovered it is asked first again.
 */
import { expect, test } from "vitest";
import { vllm } from "../src/worker/engines/vllm.ts";
import { ollama } from "../src/worker/engines/ollama.ts";
import { lmStudio } from "../src/worker/engines/lm-studio.ts";
import type { EngineKind } from "../src/worker/engines/engine-kind.ts";
import { type FakeEngine, startFakeEngine, testModel } from "./support/fake-engine/fake-engine.ts";
import { chatBody, eventsOf, readReply } from "./support/fake-engine/infer-client.ts";
import { gatedText, plainText } from "./support/fake-engine/script.ts";
import { startTestWorker, type TestWorker } from "./support/fake-engine/test-worker.ts";

const kinds: Readonly<Record<string, EngineKind>> = { vllm, ollama, "lm-studio": lmStudio };
const model = "qwen3:8b";

const startEngine = (type: string, name: string, contextLength: number) =>
  startFakeEngine({
    type,
    models: [{ ...testModel(name), context_length: contextLength }],
    script: plainText(`from ${type}`),
  });

const contentOf = (text: string) =>
  eventsOf(text)
    .flatMap(({ choices }) => (choices ?? []) as { delta: { content?: string } }[])
    .map(({ delta }) => delta.content ?? "")
    .join("");

/** Asks for the model, and says who answered. */
async function ask(network: TestWorker): Promise<string> {
  const ticket = await network.ticket({ model });
  const { text } = await network.ask({ ticket, body: chatBody({ model }) });
  expect(new Set(eventsOf(text).map((event) => event["model"]))).toEqual(new Set([model]));
  return contentOf(text);
}

const modelsSent = (engine: FakeEngine) => engine.requests.all.map(({ body }) => body["model"]);

test("the preferred engine dies in mid-stream, the next takes over, and gives way when it is back", async () => {
  await using second = await startEngine("ollama", "qwen3:8b", 4_096);
  await using third = await startEngine("lm-studio", "qwen3-8b", 8_192);
  await using network = await startTestWorker({
    type: "vllm",
    models: [{ ...testModel("Qwen/Qwen3-8B"), context_length: 32_768 }],
    script: plainText("from vllm"),
    others: [third, second],
    drive: (fake, clock) => kinds[fake.engine.type]!.create({ origin: fake.origin, clock }),
  });
  const { coordinator, engine: first, clock } = network;
  const names = ["Qwen/Qwen3-8B", "qwen3:8b", "qwen3-8b"];
  const described = names.map((name) => ({ name, context_length: 32_768 }));
  expect((await coordinator.beats.next()).snapshot).toMatchObject({ models: described });
  expect(await ask(network)).toBe("from vllm");

  // It dies in the middle of an answer.
  first.play(gatedText("half", "an answer"));
  const ticket = await network.ticket({ model });
  const begun = await network.start({ ticket, body: chatBody({ model }) }).response;
  first.die();
  const broken = await readReply(begun);
  expect(broken.line).toMatchObject({ finish: "worker_error", cost: "0.000000" });
  expect(broken.text).toContain('"error"');
  expect(broken.text).not.toContain("[DONE]");

  // The coordinator hears that it is gone; nobody who asks now notices more than another context length.
  const without = await coordinator.beats.next();
  expect(without.snapshot?.engines.map(({ type }) => type)).toEqual(["lm-studio", "ollama"]);
  expect(without.snapshot?.models).toMatchObject([
    { name: "qwen3:8b", context_length: 4_096 },
    { name: "qwen3-8b", context_length: 4_096 },
  ]);
  expect(await ask(network)).toBe("from ollama");
  expect(first.requests.all).toHaveLength(2);

  // Back again, it is found within seconds, and asked first.
  first.revive();
  first.play(plainText("from vllm again"));
  const back = await network.until(waitForEngines(network, 3));
  expect(back).toContain("vllm");
  expect(await ask(network)).toBe("from vllm again");
  expect(clock.monotonic()).toBeLessThan(30_000);

  // Each was asked for the model in its own words.
  expect(modelsSent(first)).toEqual(Array.from({ length: 3 }, () => "Qwen/Qwen3-8B"));
  expect(modelsSent(second)).toEqual(["qwen3:8b"]);
  expect(modelsSent(third)).toEqual([]);
});

/** The first beat that tells of so many engines. */
async function waitForEngines({ coordinator }: TestWorker, count: number): Promise<string[]> {
  for (;;) {
    const { snapshot } = await coordinator.beats.next();
    if (snapshot?.engines.length === count) return snapshot.engines.map(({ type }) => type);
  }
}
