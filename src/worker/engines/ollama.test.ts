import { expect, test } from "vitest";
import { systemClock as clock } from "../../base/clock.ts";
import { engineContract } from "./engine.contract.ts";
import { createOllama } from "./ollama.ts";
import { ollama } from "./recorded-answers.ts";
import { serveRecorded } from "./recorded-server.ts";

const signal = new AbortController().signal;

engineContract("ollama", async () => {
  const { origin, stop } = await serveRecorded(ollama);
  return { engine: createOllama({ origin, clock }), stop };
});

test("a loaded model states its context as loaded, its digest and what it can do", async () => {
  const server = await serveRecorded(ollama);
  const { version, models } = await createOllama({ origin: server.origin, clock }).inspect(signal);
  await server.stop();
  expect(version).toBe("0.12.6");
  expect(models[0]).toEqual({
    name: "gemma3:4b",
    digest: "sha256:a2af6cc3eb7fa8be8504abaf9b04e88f17a119ec3f04a3addf55f92841195f5a",
    size_bytes: 3_338_801_804,
    context_length: 4_096,
    quantization: "Q4_K_M",
    capabilities: ["chat", "completion", "vision", "tools"],
    loaded: true,
  });
  expect(models[1]).toMatchObject({ capabilities: ["embedding"], loaded: false });
  expect(models[1]).not.toHaveProperty("context_length");
});

test("a model that Ollama would compute in its cloud is never offered", async () => {
  const server = await serveRecorded(ollama);
  const { models } = await createOllama({ origin: server.origin, clock }).inspect(signal);
  await server.stop();
  expect(models.map(({ name }) => name)).toEqual(["gemma3:4b", "nomic-embed-text:latest"]);
  expect(server.asked.filter((route) => route === "POST /api/show")).toHaveLength(2);
});

test("what a model can do is asked once, not at every inspection", async () => {
  const server = await serveRecorded(ollama);
  const engine = createOllama({ origin: server.origin, clock });
  const first = await engine.inspect(signal);
  expect(await engine.inspect(signal)).toEqual(first);
  await server.stop();
  expect(server.asked.filter((route) => route === "POST /api/show")).toHaveLength(2);
});

test("an Ollama that does not state capabilities is taken to chat", async () => {
  const { "POST /api/show": _, ...older } = ollama;
  const server = await serveRecorded(older);
  const { models } = await createOllama({ origin: server.origin, clock }).inspect(signal);
  await server.stop();
  expect(models[0]?.capabilities).toEqual(["chat", "completion"]);
});

test.each([
  ["not JSON", "<html>"],
  ["of another shape", { models: [{ name: 7 }] }],
  ["larger than 4 MiB", { models: [], filler: "x".repeat(4 * 1_024 * 1_024) }],
])("a list of models that is %s is an engine_error", async (_, tags) => {
  const server = await serveRecorded({ ...ollama, "GET /api/tags": tags });
  const inspection = createOllama({ origin: server.origin, clock }).inspect(signal);
  await expect(inspection).rejects.toMatchObject({ code: "engine_error" });
  await server.stop();
});
