/** OpenAI's own SDK: chat, changed in nothing but its base URL. */
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  cutAfter,
  endingWith,
  errorStatus,
  parallelTools,
  plainText,
  reasoning,
  refusal,
  toolCall,
} from "../support/fake-engine/script.ts";
import {
  cancelled,
  firstLeavesAlone,
  model,
  pixelUrl,
  type SdkNetwork,
  startSdkNetwork,
  twoWords,
} from "./sdk-network.ts";

let sdk: SdkNetwork;
let openai: OpenAI;
beforeAll(async () => {
  sdk = await startSdkNetwork();
  openai = new OpenAI({ baseURL: sdk.baseURL, apiKey: "any", maxRetries: 0 });
});
afterAll(() => sdk[Symbol.asyncDispose]());

const messages = [{ role: "user" as const, content: "Say hello." }];
const weather = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "How it is outside",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

async function* textsOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>) {
  for await (const chunk of stream) yield chunk.choices[0]?.delta.content ?? "";
}

describe("chat.completions", () => {
  test("a text, with its usage", async () => {
    sdk.play(plainText("Hel", "lo"));
    const answer = await openai.chat.completions.create({ model, messages });
    expect(answer.choices[0]).toMatchObject({
      message: { role: "assistant", content: "Hello", refusal: null },
      finish_reason: "stop",
    });
    expect(answer.usage).toMatchObject({
      prompt_tokens: 7,
      completion_tokens: 2,
      total_tokens: 9,
    });
  });

  test("a stream: one id throughout, usage to who asked for it, and its helper's whole answer", async () => {
    sdk.play(plainText("Hel", "lo"));
    const stream = openai.chat.completions.stream({
      ...{ model, messages, stream_options: { include_usage: true } },
    });
    const ids = new Set<string>();
    for await (const chunk of stream) ids.add(chunk.id);
    const whole = await stream.finalChatCompletion();
    expect([...ids]).toEqual([whole.id]);
    expect(whole.choices[0]).toMatchObject({
      message: { content: "Hello" },
      finish_reason: "stop",
    });
    expect(whole.usage).toMatchObject({ completion_tokens: 2 });
    // The worker asks its engine in any case, whoever asked.
    await openai.chat.completions.create({ model, messages });
    expect(sdk.lastAsked()["stream_options"]).toMatchObject({ include_usage: true });
  });

  test("the first word leaves before the engine has its second", async () => {
    sdk.play(twoWords);
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    expect(await firstLeavesAlone(sdk, textsOf(stream))).toEqual(["one", "two"]);
  });

  test("a tool's call, streamed, runs the helper's function and comes back as its result", async () => {
    sdk.play(toolCall("weather", '{"city":"Graz"}'));
    const runner = openai.chat.completions.runTools({
      ...{ model, messages, stream: true },
      tools: [
        {
          type: "function",
          function: {
            ...weather.function,
            parse: JSON.parse,
            function({ city }: { city: string }) {
              sdk.play(plainText("Sunny."));
              return `sun over ${city}`;
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe("Sunny.");
    expect(sdk.lastAsked()["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", tool_calls: [{ id: "call_1", function: { name: "weather" } }] },
      { role: "tool", tool_call_id: "call_1", content: "sun over Graz" },
    ]);
  });

  test("tools called in parallel are told apart, whole and streamed", async () => {
    sdk.play(parallelTools(["weather", '{"city":"Graz"}'], ["weather", '{"city":"Linz"}']));
    const asked = { model, messages, tools: [weather], parallel_tool_calls: true };
    const whole = await openai.chat.completions.create(asked);
    const streamed = await openai.chat.completions.stream(asked).finalChatCompletion();
    for (const { choices } of [whole, streamed]) {
      expect(choices[0]!.finish_reason).toBe("tool_calls");
      expect(choices[0]!.message.tool_calls).toMatchObject([
        { id: "call_1", function: { name: "weather", arguments: '{"city":"Graz"}' } },
        { id: "call_2", function: { name: "weather", arguments: '{"city":"Linz"}' } },
      ]);
    }
  });

  test("structured output: the schema reaches the engine, the answer is parsed", async () => {
    sdk.play(plainText('{"city":', '"Graz"}'));
    const answer = await openai.chat.completions.parse({
      ...{ model, messages },
      response_format: zodResponseFormat(z.object({ city: z.string() }), "place"),
    });
    expect(answer.choices[0]!.message.parsed).toEqual({ city: "Graz" });
    expect(sdk.lastAsked()["response_format"]).toMatchObject({
      type: "json_schema",
      json_schema: { name: "place", strict: true, schema: { required: ["city"] } },
    });
  });

  test("an image within a data: URL reaches the engine as it is", async () => {
    sdk.play(plainText("A dot."));
    const content = [
      { type: "text" as const, text: "What is it?" },
      { type: "image_url" as const, image_url: { url: pixelUrl } },
    ];
    await openai.chat.completions.create({ model, messages: [{ role: "user", content }] });
    expect(sdk.lastAsked()["messages"]).toEqual([{ role: "user", content }]);
  });

  test("thoughts, refusals, and answers that were cut for their length", async () => {
    sdk.play(reasoning("hm", "yes"));
    const thought = await openai.chat.completions.create({ model, messages });
    expect(thought.choices[0]!.message).toMatchObject({ content: "yes", reasoning_content: "hm" });
    sdk.play(refusal("I will not."));
    const refused = await openai.chat.completions.create({ model, messages });
    expect(refused.choices[0]!.message.refusal).toBe("I will not.");
    sdk.play(endingWith("length", "Once"));
    const cut = await openai.chat.completions.create({ model, messages, max_tokens: 1 });
    expect(cut.choices[0]!.finish_reason).toBe("length");
  });

  test("an engine that breaks off is the SDK's error, never its end", async () => {
    sdk.play(cutAfter("half"));
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    const heard: string[] = [];
    const read = async () => {
      for await (const text of textsOf(stream)) heard.push(text);
    };
    await expect(read()).rejects.toMatchObject({ code: "engine_error" });
    expect(heard.join("")).toBe("half");
  });

  test("errors are of the SDK's own classes", async () => {
    const asking = (change: object) =>
      openai.chat.completions
        .create({ model, messages, ...change })
        .catch((error: unknown) => error);
    const missing = await asking({ model: "none" });
    expect(missing).toBeInstanceOf(OpenAI.NotFoundError);
    expect(missing).toMatchObject({ code: "model_not_found", requestID: expect.any(String) });
    const wrong = await asking({ temperature: 9 });
    expect(wrong).toBeInstanceOf(OpenAI.BadRequestError);
    expect(wrong).toMatchObject({ param: "temperature", type: "invalid_request_error" });
    sdk.play(errorStatus(500));
    expect(await asking({})).toBeInstanceOf(OpenAI.InternalServerError);
  });

  test("what is called off ends the engine's work and is settled", async () => {
    sdk.play(twoWords);
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    sdk.engine.next();
    for await (const text of textsOf(stream)) if (text === "one") stream.controller.abort();
    expect(await cancelled(sdk)).toMatchObject({ completion_tokens: 1 });
  });
});
