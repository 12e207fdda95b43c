import { expect, test } from "vitest";
import { systemClock as clock } from "../../base/clock.ts";
import { ollama } from "./ollama.ts";
import { ollamaRecording as recording, ollamaSparse } from "./recorded-ollama.ts";
import { serveRecorded } from "./recorded-server.ts";

const signal = new AbortController().signal;
const { routes } = recording;

/** What the driver makes of `changes` to the recording. */
async function inspect(changes: object = {}, base = routes) {
  const server = await serveRecorded({ routes: { ...base, ...changes } });
  try {
    return { ...(await ollama.create({ ...server, clock }).inspect(signal)), asked: server.asked };
  } finally {
    await server.stop();
  }
}

test("a loaded model states its context as loaded, its digest and what it can do", async () => {
  const { version, models } = await inspect();
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
  const { models, asked } = await inspect();
  expect(models.map(({ name }) => name)).toEqual(["gemma3:4b", "nomic-embed-text:latest"]);
  expect(asked.filter((route) => route === "POST /api/show")).toHaveLength(2);
});

test.each([
  ["its host alone says so", { name: "a:1b", remote_host: "https://ollama.com" }, {}],
  ["its upstream name alone says so", { name: "a:1b", remote_model: "a:1t" }, {}],
  ["only its tag says so", { name: "kimi-k2:cloud" }, {}],
  ["only its own page says so", { name: "a:1b" }, { remote_host: "https://ollama.com" }],
])("a model of the cloud is not offered where %s", async (_, tag, shown) => {
  const { models } = await inspect({
    "GET /api/tags": { models: [tag] },
    "POST /api/show": { capabilities: ["completion"], ...shown },
  });
  expect(models).toEqual([]);
});

test("a model that thinks says so", async () => {
  const shown = { capabilities: ["completion", "thinking", "insert", "completion"] };
  const { models } = await inspect({ "POST /api/show": shown });
  expect(models[0]?.capabilities).toEqual(["chat", "completion", "reasoning"]);
});

test("what a model can do is asked once, not at every inspection", async () => {
  const server = await serveRecorded(recording);
  const engine = ollama.create({ ...server, clock });
  const first = await engine.inspect(signal);
  expect(await engine.inspect(signal)).toEqual(first);
  await server.stop();
  expect(server.asked.filter((route) => route === "POST /api/show")).toHaveLength(2);
});

test("an Ollama that does not state capabilities is taken to chat, and odd fields hide no model", async () => {
  const { models } = await inspect({}, ollamaSparse.routes);
  const capabilities = ["chat", "completion"];
  expect(models).toEqual([
    { name: "gemma3:4b", capabilities, loaded: true },
    { name: "another:1b", capabilities, loaded: false },
  ]);
});

test.each([
  ["not JSON", "<html>"],
  ["of another shape", { models: [{ name: 7 }] }],
  ["larger than 4 MiB", { models: [], filler: "x".repeat(4 * 1_024 * 1_024) }],
])("a list of models that is %s is an engine_error", async (_, tags) => {
  await expect(inspect({ "GET /api/tags": tags })).rejects.toMatchObject({ code: "engine_error" });
});
