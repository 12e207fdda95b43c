/** Vercel's AI SDK over chat completions and embeddings, by its provider for servers that are compatible with OpenAI. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  embedMany,
  generateText,
  type ModelMessage,
  Output,
  stepCountIs,
  streamText,
} from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import {
  cutAfter,
  endingWith,
  errorStatus,
  parallelTools,
  plainText,
  reasoning,
} from "../support/fake-engine/script.ts";
import { sunny } from "./ai-weather.ts";
import {
  cancelled,
  firstLeavesAlone,
  model as modelName,
  pixelPng,
  pixelUrl,
  type SdkNetwork,
  startSdkNetwork,
  twoWords,
} from "./sdk-network.ts";

let sdk: SdkNetwork;
let troop: ReturnType<typeof createOpenAICompatible>;
beforeAll(async () => {
  sdk = await startSdkNetwork();
  troop = createOpenAICompatible({
    ...{ name: "troop", baseURL: sdk.baseURL, apiKey: "any" },
    ...{ includeUsage: true, supportsStructuredOutputs: true },
  });
});
afterAll(() => sdk[Symbol.asyncDispose]());

const asking = () => ({ model: troop(modelName), prompt: "Say hello.", maxRetries: 0 });
const quiet = () => undefined;

test("a text, with its reason and usage", async () => {
  sdk.play(plainText("Hel", "lo"));
  const { text, finishReason, usage } = await generateText(asking());
  expect([text, finishReason]).toEqual(["Hello", "stop"]);
  expect(usage).toMatchObject({ inputTokens: 7, outputTokens: 2, totalTokens: 9 });
});

test("a stream, whose first word leaves before the engine has its second, and its usage", async () => {
  sdk.play(twoWords);
  const result = streamText(asking());
  expect(await firstLeavesAlone(sdk, result.textStream)).toEqual(["one", "two"]);
  expect(await result.finishReason).toBe("stop");
  expect(await result.usage).toMatchObject({ inputTokens: 7, outputTokens: 2 });
});

test("tools called in parallel are run, and their results come back with the next step", async () => {
  sdk.play(parallelTools(["weather", '{"city":"Graz"}'], ["weather", '{"city":"Linz"}']));
  const weather = sunny(sdk);
  const result = streamText({ ...asking(), tools: { weather }, stopWhen: stepCountIs(2) });
  expect(await result.text).toBe("Sunny.");
  const [first] = await result.steps;
  expect(first).toMatchObject({
    finishReason: "tool-calls",
    toolCalls: [
      { toolCallId: "call_1", toolName: "weather", input: { city: "Graz" } },
      { toolCallId: "call_2", toolName: "weather", input: { city: "Linz" } },
    ],
  });
  expect(sdk.lastAsked()["messages"]).toMatchObject([
    { role: "user" },
    { role: "assistant", tool_calls: [{ id: "call_1" }, { id: "call_2" }] },
    { role: "tool", tool_call_id: "call_1", content: "sun over Graz" },
    { role: "tool", tool_call_id: "call_2", content: "sun over Linz" },
  ]);
});

test("structured output: the schema reaches the engine, the answer is parsed", async () => {
  sdk.play(plainText('{"city":', '"Graz"}'));
  const schema = z.object({ city: z.string() });
  const { output } = await generateText({ ...asking(), output: Output.object({ schema }) });
  expect(output).toEqual({ city: "Graz" });
  expect(sdk.lastAsked()["response_format"]).toMatchObject({
    type: "json_schema",
    json_schema: { schema: { type: "object", required: ["city"] } },
  });
});

test("an image arrives as bytes, whichever way the SDK sends it", async () => {
  sdk.play(plainText("A dot."));
  const image = Buffer.from(pixelPng, "base64");
  const messages: ModelMessage[] = [
    {
      role: "user",
      content: [
        { type: "text", text: "What is it?" },
        { type: "image", image, mediaType: "image/png" },
      ],
    },
  ];
  const { model, maxRetries } = asking();
  await generateText({ model, maxRetries, messages });
  expect(sdk.lastAsked()["messages"]).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "What is it?" },
        { type: "image_url", image_url: { url: pixelUrl } },
      ],
    },
  ]);
});

test("thoughts are told apart from the answer; a cut answer says so", async () => {
  sdk.play(reasoning("hm", "yes"));
  const thought = await generateText(asking());
  expect([thought.reasoningText, thought.text]).toEqual(["hm", "yes"]);
  sdk.play(endingWith("length", "Once"));
  expect(await generateText({ ...asking(), maxOutputTokens: 1 })).toMatchObject({
    text: "Once",
    finishReason: "length",
  });
});

test("an engine that breaks off is an error of the stream, never its end", async () => {
  sdk.play(cutAfter("half"));
  const errors: unknown[] = [];
  const result = streamText({ ...asking(), onError: ({ error }) => void errors.push(error) });
  const reasons: string[] = [];
  for await (const part of result.fullStream)
    if (part.type === "finish" || part.type === "finish-step") reasons.push(part.finishReason);
  expect(new Set(reasons)).toEqual(new Set(["error"]));
  expect(JSON.stringify(errors)).toContain("engine_error");
});

test("errors carry their status, body and whether to repeat", async () => {
  const failing = (change: object) =>
    generateText({ ...asking(), ...change }).catch((error: unknown) => error);
  const missing = await failing({ model: troop("none") });
  expect(missing).toBeInstanceOf(APICallError);
  expect(missing).toMatchObject({ statusCode: 404, isRetryable: false });
  expect((missing as APICallError).responseBody).toContain("model_not_found");
  sdk.play(errorStatus(500));
  expect(await failing({})).toMatchObject({ statusCode: 502 });
});

test("what is called off ends the engine's work and is settled", async () => {
  sdk.play(twoWords);
  const controller = new AbortController();
  const result = streamText({ ...asking(), abortSignal: controller.signal, onError: quiet });
  sdk.engine.next();
  for await (const text of result.textStream) if (text === "one") controller.abort();
  expect(await cancelled(sdk)).toMatchObject({ completion_tokens: 1 });
});

test("embeddings", async () => {
  const { embeddings, usage } = await embedMany({
    ...{ model: troop.embeddingModel(modelName), values: ["one", "two"] },
    maxRetries: 0,
  });
  expect(embeddings).toEqual([
    [0.5, -0.25],
    [0.5, -0.25],
  ]);
  expect(usage.tokens).toBe(7);
});
