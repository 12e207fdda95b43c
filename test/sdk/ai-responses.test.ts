/** Vercel's AI SDK with its provider for OpenAI, whose default is the Responses API. */
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, type ModelMessage, Output, stepCountIs, streamText } from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import {
  cutAfter,
  endingWith,
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
let openai: ReturnType<typeof createOpenAI>;
beforeAll(async () => {
  sdk = await startSdkNetwork();
  openai = createOpenAI({ baseURL: sdk.baseURL, apiKey: "any" });
});
afterAll(() => sdk[Symbol.asyncDispose]());

const asking = () => ({ model: openai(modelName), prompt: "Say hello.", maxRetries: 0 });

test("a text, with its reason and usage", async () => {
  sdk.play(plainText("Hel", "lo"));
  const { text, finishReason, usage, response } = await generateText(asking());
  expect([text, finishReason]).toEqual(["Hello", "stop"]);
  expect(usage).toMatchObject({ inputTokens: 7, outputTokens: 2, totalTokens: 9 });
  expect(response.id).toMatch(/^resp_/);
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
  expect(first!.toolCalls.map(({ input }) => input)).toEqual([{ city: "Graz" }, { city: "Linz" }]);
  const messages = sdk.lastAsked()["messages"] as { role: string; content: unknown }[];
  expect(messages.filter(({ role }) => role === "tool").map(({ content }) => content)).toEqual([
    "sun over Graz",
    "sun over Linz",
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

test("an image reaches the engine", async () => {
  sdk.play(plainText("A dot."));
  const image = Buffer.from(pixelPng, "base64");
  const messages: ModelMessage[] = [
    { role: "user", content: [{ type: "image", image, mediaType: "image/png" }] },
  ];
  const { model, maxRetries } = asking();
  await generateText({ model, maxRetries, messages });
  expect(sdk.lastAsked()["messages"]).toMatchObject([
    { role: "user", content: [{ type: "image_url", image_url: { url: pixelUrl } }] },
  ]);
});

test("thoughts are told apart from the answer; a cut answer says so", async () => {
  sdk.play(reasoning("hm", "yes"));
  expect((await generateText(asking())).text).toBe("yes");
  sdk.play(endingWith("length", "Once"));
  expect(await generateText({ ...asking(), maxOutputTokens: 16 })).toMatchObject({
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
  expect(errors.length).toBeGreaterThan(0);
  expect(reasons).not.toContain("stop");
});

test("errors carry their status", async () => {
  const failure = await generateText({ ...asking(), model: openai("none") }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ statusCode: 404, isRetryable: false });
});

test("what is called off ends the engine's work and is settled", async () => {
  sdk.play(twoWords);
  const controller = new AbortController();
  const result = streamText({
    ...{ ...asking(), abortSignal: controller.signal },
    onError: () => undefined,
  });
  sdk.engine.next();
  for await (const text of result.textStream) if (text === "one") controller.abort();
  expect(await cancelled(sdk)).toMatchObject({ completion_tokens: 1 });
});
