/** Which engines are said to go on with a text that another began. */
import { expect, test } from "vitest";
import { systemClock as clock } from "../../base/clock.ts";
import type { EngineKind } from "./engine-kind.ts";
import { llamaServer } from "./llama-server.ts";
import { lmStudio } from "./lm-studio.ts";
import { ollama } from "./ollama.ts";
import { continuesByName, isAtLeast, staysOpen } from "./prefill.ts";
import { llamaServerRecording } from "./recorded-llama-server.ts";
import { lmStudioRecording } from "./recorded-lm-studio.ts";
import { ollamaRecording } from "./recorded-ollama.ts";
import { type Recording, serveRecorded } from "./recorded-server.ts";
import { sglangRecording } from "./recorded-sglang.ts";
import { vllmRecording } from "./recorded-vllm.ts";
import { sglang } from "./sglang.ts";
import { vllm } from "./vllm.ts";

const signal = new AbortController().signal;

async function canContinue(kind: EngineKind, recording: Recording, changes: object) {
  const server = await serveRecorded({
    ...recording,
    routes: { ...recording.routes, ...changes },
  });
  const engine = kind.create({ origin: server.origin, clock });
  try {
    const { models } = await engine.inspect(signal);
    return models.some(({ capabilities }) => capabilities.includes("prefill"));
  } finally {
    await server.stop();
  }
}

test.each([
  ["meta-llama/Llama-3.1-8B-Instruct", true],
  ["Qwen/Qwen2.5-7B-Instruct-AWQ", true],
  ["google/gemma-3-4b-it", true],
  ["microsoft/phi-4", true],
  ["Qwen/Qwen3-8B", false],
  ["deepseek-ai/DeepSeek-R1-Distill-Llama-8B", false],
  ["microsoft/Phi-4-reasoning", false],
  ["nvidia/Llama-3.1-Nemotron-Nano-8B-v1", false],
  ["openai/gpt-oss-20b", false],
  ["mine", false],
])("by its name alone %s goes on: %s", (name, expected) => {
  expect(continuesByName(name)).toBe(expected);
});

test.each([
  ["0.11.0", true],
  ["0.7.0.post1", true],
  ["0.6.3", false],
  ["unknown", false],
])("vLLM %s goes on: %s", async (version, expected) => {
  const changes = { "GET /version": { version } };
  expect(await canContinue(vllm, vllmRecording, changes)).toBe(expected);
});

test("SGLang goes on where nothing parses thoughts out of what it says", async () => {
  const model = { id: "Qwen/Qwen2.5-7B-Instruct", object: "model" };
  const list = { "GET /v1/models": { data: [model] } };
  const info = (server: object) => ({ ...list, "GET /server_info": server });
  const of = (server: object) => canContinue(sglang, sglangRecording, info(server));
  expect(await of({ version: "0.5.9" })).toBe(true);
  expect(await of({ version: "0.5.9", reasoning_parser: "qwen3" })).toBe(false);
  expect(await of({ version: "0.4.2" })).toBe(false);
  expect(await of({})).toBe(false);
});

test("llama-server goes on from a build that does not refuse it, with a template that knows no thoughts", async () => {
  const of = (props: object) =>
    canContinue(llamaServer, llamaServerRecording, { "GET /props": props });
  const chat_template = "{{ bos }}{% for m in messages %}{{ m.content }}{% endfor %}";
  expect(await of({ build_info: "b8681-Debian", chat_template })).toBe(true);
  expect(await of({ build_info: "b5747-0142961", chat_template })).toBe(false);
  expect(await of({ build_info: "b8681", chat_template: "<think>" })).toBe(false);
  expect(await of({ build_info: "b8681" })).toBe(false);
});

const open = `{{- range $i, $_ := .Messages }}{{- $last := eq (len (slice $.Messages $i)) 1 }}
{{- if eq .Role "user" }}<|user|>{{ .Content }}<|eot|>{{- else if eq .Role "assistant" }}<|assistant|>
{{ .Content }}{{ if not $last }}<|eot|>{{ end }}{{- end }}
{{- if and (ne .Role "assistant") $last }}<|assistant|>{{ end }}{{- end }}`;

test("Ollama goes on where the model's template leaves the last turn open", async () => {
  const show = (said: object) => ({
    "POST /api/show": { capabilities: ["completion"], template: open, modelfile: "", ...said },
  });
  const of = (said: object) => canContinue(ollama, ollamaRecording, show(said));
  expect(await of({})).toBe(true);
  expect(await of({ capabilities: ["completion", "thinking"], template: `${open}<think>` })).toBe(
    false,
  );
  expect(await of({ modelfile: "FROM a\nRENDERER qwen3-coder\n" })).toBe(false);
  expect(
    await of({ template: open.replace("{{ if not $last }}<|eot|>{{ end }}", "<|eot|>") }),
  ).toBe(false);
  expect(await of({ template: undefined })).toBe(false);
});

test("an old template is cut behind its answer by Ollama itself", () => {
  expect(staysOpen("{{ .System }} {{ .Prompt }} {{ .Response }}")).toBe(true);
  expect(staysOpen("{{ .Prompt }}")).toBe(false);
});

test("LM Studio, of which nobody documents it, is not said to", async () => {
  expect(await canContinue(lmStudio, lmStudioRecording, {})).toBe(false);
});

test("a version that is not stated is not recent", () => {
  expect(isAtLeast(undefined, 0, 1)).toBe(false);
  expect(isAtLeast("v1.2", 0, 7)).toBe(true);
  expect(isAtLeast("0.10.2", 0, 7)).toBe(true);
});
