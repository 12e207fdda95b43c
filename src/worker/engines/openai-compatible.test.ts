import { expect, test } from "vitest";
import { systemClock as clock } from "../../base/clock.ts";
import { engineContract } from "./engine.contract.ts";
import { createOpenAiCompatible, type OpenAiServer } from "./openai-compatible.ts";
import { llamaServer, lmStudio, lmStudioOtherwise, vllm } from "./recorded-answers.ts";
import { serveRecorded, type Recorded } from "./recorded-server.ts";

const signal = new AbortController().signal;
const recorded: [OpenAiServer, Readonly<Record<string, Recorded>>, unknown][] = [
  ["vllm", vllm, undefined],
  ["llama-server", llamaServer, undefined],
  ["lm-studio", lmStudio, lmStudioOtherwise],
  ["openai", vllm, undefined],
];

for (const [type, routes, otherwise] of recorded) {
  engineContract(type, async () => {
    const { origin, stop } = await serveRecorded(routes, { otherwise });
    return { engine: createOpenAiCompatible({ type, origin, clock }), stop };
  });
}

async function inspect(type: OpenAiServer, routes: Readonly<Record<string, Recorded>>) {
  const server = await serveRecorded(routes);
  const engine = createOpenAiCompatible({ type, origin: server.origin, clock });
  const snapshot = await engine.inspect(signal);
  await server.stop();
  return { ...snapshot, slots: engine.slots };
}

test("vLLM states its version and the length it serves", async () => {
  const { version, models } = await inspect("vllm", vllm);
  expect(version).toBe("0.11.0");
  expect(models[0]).toMatchObject({ context_length: 8_192, loaded: true });
});

test("llama-server states its slots, and its context as loaded rather than as trained", async () => {
  const { version, models, slots } = await inspect("llama-server", llamaServer);
  expect({ version, slots }).toEqual({ version: "b8681-Debian", slots: 4 });
  expect(models).toEqual([
    {
      name: "gemma-4-12B-it-Q8_0.gguf",
      size_bytes: 12_653_822_144,
      context_length: 16_384,
      quantization: "Q8_0",
      capabilities: ["chat", "completion", "vision"],
      loaded: true,
    },
  ]);
});

test("LM Studio states which models are loaded and which make embeddings", async () => {
  const { models } = await inspect("lm-studio", lmStudio);
  expect(models[0]).toMatchObject({
    capabilities: ["chat", "completion", "vision"],
    context_length: 4_096,
    quantization: "4bit",
    loaded: true,
  });
  expect(models[1]).toMatchObject({ capabilities: ["embedding"], loaded: false });
  expect(models[1]).not.toHaveProperty("context_length");
});

test("a server without the extras of its kind is still an engine", async () => {
  const { version, models } = await inspect("vllm", { "GET /v1/models": vllm["GET /v1/models"] });
  expect(version).toBe("unknown");
  expect(models).toHaveLength(1);
});

test("the API key goes with every question", async () => {
  const keys = new Set<string | undefined>();
  const listed = vllm["GET /v1/models"];
  const server = await serveRecorded({
    "GET /v1/models": (request: { headers: { authorization?: string } }) => {
      keys.add(request.headers.authorization);
      return listed;
    },
  });
  const { origin } = server;
  const engine = createOpenAiCompatible({ type: "openai", origin, clock, apiKey: "token-abc123" });
  await engine.inspect(signal);
  await server.stop();
  expect([...keys]).toEqual(["Bearer token-abc123"]);
  expect(engine.headers).toEqual({ authorization: "Bearer token-abc123" });
});

test("our own coordinator is not taken for an engine", async () => {
  const server = await serveRecorded(vllm, { headers: { "troop-time": "1760000000000" } });
  const engine = createOpenAiCompatible({ type: "vllm", origin: server.origin, clock });
  await expect(engine.inspect(signal)).rejects.toThrow(/coordinator, not an engine/);
  await server.stop();
});
