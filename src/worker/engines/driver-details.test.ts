/** What each driver reads of its engine beyond the contract. Ollama's has a file of its own. */
import { expect, test } from "vitest";
import { systemClock as clock } from "../../base/clock.ts";
import type { EngineKind, EngineOptions } from "./engine-kind.ts";
import { llamaServer } from "./llama-server.ts";
import { lmStudio } from "./lm-studio.ts";
import { openAiCompatible } from "./openai-compatible.ts";
import {
  llamaServerRecording,
  llamaServerRouter,
  llamaServerSparse,
} from "./recorded-llama-server.ts";
import { lmStudioOldest, lmStudioRecording, lmStudioZeroth } from "./recorded-lm-studio.ts";
import { type Recording, serveRecorded } from "./recorded-server.ts";
import { sglangRecording, sglangSparse } from "./recorded-sglang.ts";
import { vllmRecording } from "./recorded-vllm.ts";
import { sglang } from "./sglang.ts";
import { vllm } from "./vllm.ts";

const signal = new AbortController().signal;

async function inspect(
  kind: EngineKind,
  recording: Recording,
  changes: object = {},
  options: Partial<EngineOptions> = {},
) {
  const server = await serveRecorded({
    ...recording,
    routes: { ...recording.routes, ...changes },
  });
  const engine = kind.create({ origin: server.origin, clock, ...options });
  try {
    const snapshot = await engine.inspect(signal);
    return { ...snapshot, slots: engine.slots, saltField: engine.saltField };
  } finally {
    await server.stop();
  }
}

test("vLLM states its version and the length it serves", async () => {
  const { version, models, slots } = await inspect(vllm, vllmRecording);
  expect({ version, slots }).toEqual({ version: "0.11.0", slots: 8 });
  expect(models[0]).toMatchObject({ context_length: 8_192, loaded: true });
});

test.each([
  ["0.11.0", "cache_salt"],
  ["1.0.0", "cache_salt"],
  ["0.10.2", undefined],
  ["0.9.1", undefined],
])("vLLM %s is told whose prefixes may be shared by %s", async (version, field) => {
  const { saltField } = await inspect(vllm, vllmRecording, { "GET /version": { version } });
  expect(saltField).toBe(field);
});

test("SGLang is told too, servers that nobody knows are not", async () => {
  expect((await inspect(sglang, sglangRecording)).saltField).toBe("cache_salt");
  expect((await inspect(openAiCompatible, vllmRecording)).saltField).toBeUndefined();
});

test("llama-server states its slots, and the context of one of them", async () => {
  const { version, models, slots } = await inspect(llamaServer, llamaServerRecording);
  expect({ version, slots }).toEqual({ version: "b8681-Debian", slots: 4 });
  expect(models).toEqual([
    {
      name: "gemma-4-12B-it-Q8_0.gguf",
      size_bytes: 12_653_822_144,
      context_length: 16_384,
      quantization: "Q8_0",
      capabilities: ["chat", "completion", "vision", "tools", "prefill"],
      loaded: true,
    },
  ]);
});

test("of two statements about llama-server's context the smaller counts", async () => {
  const settings = { default_generation_settings: { n_ctx: 4_096 } };
  const { models } = await inspect(llamaServer, llamaServerRecording, { "GET /props": settings });
  expect(models[0]?.context_length).toBe(4_096);
});

test("where llama-server's properties lack them, slots and context are those of its slots", async () => {
  const { models, slots } = await inspect(llamaServer, llamaServerSparse);
  expect(slots).toBe(2);
  expect(models[0]).toMatchObject({ context_length: 8_192, loaded: true });
});

test("a router's models are offered whether loaded or not, those that failed are not", async () => {
  const { models } = await inspect(llamaServer, llamaServerRouter);
  expect(models.map(({ name, loaded }) => [name, loaded])).toEqual([
    ["ggml-org/gemma-3-4b-it-GGUF:Q4_K_M", true],
    ["unsloth/Qwen3-8B-GGUF:Q8_0", false],
  ]);
});

test("LM Studio's newest list gives sizes, the context as loaded, and requests at once", async () => {
  const { models, slots } = await inspect(lmStudio, lmStudioRecording);
  expect(slots).toBe(4);
  expect(models).toEqual([
    {
      name: "gemma-3-270m-it-qat",
      size_bytes: 241_410_208,
      context_length: 4_096,
      quantization: "Q4_0",
      capabilities: ["chat", "completion", "tools", "reasoning"],
      loaded: true,
    },
    {
      name: "text-embedding-nomic-embed-text-v1.5-embedding",
      size_bytes: 274_290_560,
      quantization: "F16",
      capabilities: ["embedding"],
      loaded: false,
    },
  ]);
});

test("an older LM Studio is read through its older list, and one without it through OpenAI's", async () => {
  const { models, slots } = await inspect(lmStudio, lmStudioZeroth);
  expect(slots).toBe(1);
  expect(models[0]).toMatchObject({
    capabilities: ["chat", "completion", "vision", "tools"],
    ...{ context_length: 4_096, quantization: "4bit", loaded: true },
  });
  expect(models[1]).toMatchObject({ capabilities: ["embedding"], loaded: false });
  expect(models[1]).not.toHaveProperty("context_length");
  const oldest = await inspect(lmStudio, lmStudioOldest);
  expect(oldest.models.map(({ capabilities }) => capabilities)).toEqual([
    ["chat", "completion"],
    ["embedding"],
  ]);
});

test("SGLang states its version, and no more context than fits into its memory", async () => {
  const { version, models, slots } = await inspect(sglang, sglangRecording);
  expect({ version, slots }).toEqual({ version: "0.5.9", slots: 8 });
  expect(models[0]).toMatchObject({
    ...{ context_length: 20_480, quantization: "fp8" },
    capabilities: ["chat", "completion", "tools", "prefill"],
  });
});

test("an SGLang that makes embeddings does nothing else", async () => {
  const info = { model_path: "a", is_generation: false, has_image_understanding: true };
  const { models } = await inspect(sglang, sglangSparse, { "GET /get_model_info": info });
  expect(models[0]?.capabilities).toEqual(["embedding"]);
});

test("a server without the extras of its kind is still an engine", async () => {
  const list = vllmRecording.routes["GET /v1/models"];
  const { version, models } = await inspect(vllm, {
    ...{ document: "", routes: { "GET /v1/models": list } },
  });
  expect(version).toBe("unknown");
  expect(models).toHaveLength(1);
});

test("a name that no heartbeat could hold is not offered", async () => {
  const data = [{ id: "x".repeat(257) }, { id: "" }, { id: "short" }, { id: "short" }];
  const { models } = await inspect(vllm, vllmRecording, { "GET /v1/models": { data } });
  expect(models.map(({ name }) => name)).toEqual(["short"]);
});

test("the owner's number of slots counts for more than the engine's", async () => {
  expect((await inspect(llamaServer, llamaServerRecording, {}, { slots: 1 })).slots).toBe(1);
});

test("the API key goes with every question and every request, below the server's own path", async () => {
  const seen = new Set<string | undefined>();
  const list = (request: { headers: { authorization?: string } }) => {
    seen.add(request.headers.authorization);
    return { data: [{ id: "m" }] };
  };
  const server = await serveRecorded({ routes: { "GET /openai/v1/models": list } });
  const engine = openAiCompatible.create({
    ...{ origin: server.origin, basePath: "/openai", clock, apiKey: "token-abc123" },
  });
  expect((await engine.inspect(signal)).models).toHaveLength(1);
  await server.stop();
  expect([...seen]).toEqual(["Bearer token-abc123"]);
  expect(engine.headers).toEqual({ authorization: "Bearer token-abc123" });
  expect(engine.path("chat")).toBe("/openai/v1/chat/completions");
});

test.each(["coordinator", "worker", "client"])(
  "an engine's port that our own %s took over offers nothing, not even what it was named for",
  async (role) => {
    const health = { status: "ok", service: `monkey-troop-${role}` };
    for (const kind of [vllm, openAiCompatible, llamaServer]) {
      const changes = { "GET /health": health };
      const code = {
        code: "engine_error",
        message: expect.stringContaining("Monkey Troop") as string,
      };
      await expect(inspect(kind, vllmRecording, changes)).rejects.toMatchObject(code);
    }
  },
);

test("nor does a coordinator that is known by its headers only", async () => {
  const server = await serveRecorded(vllmRecording, { headers: { "troop-time": "1760000000000" } });
  const engine = vllm.create({ origin: server.origin, clock });
  await expect(engine.inspect(signal)).rejects.toThrow(/Monkey Troop/);
  await server.stop();
});
