/** Ollama's own package for JavaScript: chats, changed in nothing but its host. */
import { type ChatResponse, Ollama, type Tool } from "ollama";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  cutAfter,
  endingWith,
  parallelTools,
  plainText,
  reasoning,
  toolCall,
} from "../support/fake-engine/script.ts";
import {
  cancelled,
  firstLeavesAlone,
  model,
  pixelPng,
  pixelUrl,
  type SdkNetwork,
  startSdkNetwork,
  twoWords,
} from "./sdk-network.ts";

let sdk: SdkNetwork;
let ollama: Ollama;
beforeAll(async () => {
  sdk = await startSdkNetwork();
  ollama = new Ollama({ host: sdk.url });
});
afterAll(() => sdk[Symbol.asyncDispose]());

const messages = [{ role: "user", content: "Say hello." }];
const weather: Tool = {
  type: "function",
  function: {
    name: "weather",
    description: "How it is outside",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

async function all<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
const contentOf = (answers: readonly ChatResponse[]) =>
  answers.map(({ message }) => message.content).join("");

test("a text, with its usage", async () => {
  sdk.play(plainText("Hel", "lo"));
  expect(await ollama.chat({ model, messages })).toMatchObject({
    model,
    message: { role: "assistant", content: "Hello" },
    done: true,
    done_reason: "stop",
    prompt_eval_count: 7,
    eval_count: 2,
  });
});

test("a stream: pieces, and a last object that counts and tells the cost", async () => {
  sdk.play(plainText("Hel", "lo"));
  const answers = await all(await ollama.chat({ model, messages, stream: true }));
  expect(contentOf(answers)).toBe("Hello");
  expect(answers.map(({ done }) => done)).toEqual([false, false, true]);
  expect(answers.at(-1)).toMatchObject({
    done_reason: "stop",
    prompt_eval_count: 7,
    eval_count: 2,
    troop: { cost: expect.stringMatching(/^\d/) as string },
  });
});

test("the first word leaves before the engine has its second", async () => {
  sdk.play(twoWords);
  const stream = await ollama.chat({ model, messages, stream: true });
  const texts = (async function* () {
    for await (const { message } of stream) yield message.content;
  })();
  expect(await firstLeavesAlone(sdk, texts)).toEqual(["one", "two"]);
});

test("a tool's call has its arguments as an object, and its result goes back by the tool's name", async () => {
  sdk.play(toolCall("weather", '{"city":"Graz"}'));
  const { message } = await ollama.chat({ model, messages, tools: [weather] });
  expect(message.tool_calls).toMatchObject([
    { function: { name: "weather", arguments: { city: "Graz" } } },
  ]);
  expect(sdk.lastAsked()["tools"]).toEqual([weather]);
  sdk.play(plainText("Sunny."));
  const result = { role: "tool", tool_name: "weather", content: "sun" };
  await ollama.chat({ model, messages: [...messages, message, result], tools: [weather] });
  expect(sdk.lastAsked()["messages"]).toMatchObject([
    { role: "user" },
    { role: "assistant", tool_calls: [{ id: "call_1", function: { name: "weather" } }] },
    { role: "tool", tool_call_id: "call_1", content: "sun" },
  ]);
});

test("tools called in parallel are told apart, whole and streamed", async () => {
  sdk.play(parallelTools(["weather", '{"city":"Graz"}'], ["weather", '{"city":"Linz"}']));
  const asked = { model, messages, tools: [weather] };
  const whole = await ollama.chat(asked);
  const streamed = await all(await ollama.chat({ ...asked, stream: true }));
  for (const calls of [
    whole.message.tool_calls,
    streamed.flatMap(({ message }) => message.tool_calls ?? []),
  ])
    expect(calls?.map((call) => call.function.arguments)).toEqual([
      { city: "Graz" },
      { city: "Linz" },
    ]);
  expect(whole.done_reason).toBe("stop");
});

test("structured output: the schema reaches the engine", async () => {
  sdk.play(plainText('{"city":', '"Graz"}'));
  const schema = { type: "object", properties: { city: { type: "string" } } };
  const { message } = await ollama.chat({ model, messages, format: schema });
  expect(JSON.parse(message.content)).toEqual({ city: "Graz" });
  expect(sdk.lastAsked()["response_format"]).toMatchObject({
    type: "json_schema",
    json_schema: { schema },
  });
});

test("an image in bare base64, or in bytes, reaches the engine with its format", async () => {
  sdk.play(plainText("A dot."));
  const bytes = Uint8Array.from(Buffer.from(pixelPng, "base64"));
  for (const images of [[pixelPng], [bytes]] as (string[] | Uint8Array[])[]) {
    await ollama.chat({ model, messages: [{ role: "user", content: "What is it?", images }] });
    expect(sdk.lastAsked()["messages"]).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url: pixelUrl } },
        ],
      },
    ]);
  }
});

test("thoughts, and answers that were cut for their length", async () => {
  sdk.play(reasoning("hm", "yes"));
  const thought = await ollama.chat({ model, messages, think: "high" });
  expect(thought.message).toMatchObject({ content: "yes", thinking: "hm" });
  expect(sdk.lastAsked()).toMatchObject({ chat_template_kwargs: { enable_thinking: true } });
  sdk.play(endingWith("length", "Hel"));
  const cut = await ollama.chat({ model, messages, options: { num_predict: 1 } });
  expect(cut).toMatchObject({ done_reason: "length", message: { content: "Hel" } });
  expect(sdk.lastAsked()).toMatchObject({ max_tokens: 1 });
});

test("an engine that is cut off ends the stream with an error, and nothing is done", async () => {
  sdk.play(cutAfter("Hel"));
  const heard: ChatResponse[] = [];
  const reading = (async () => {
    for await (const answer of await ollama.chat({ model, messages, stream: true }))
      heard.push(answer);
  })();
  await expect(reading).rejects.toThrow("The inference engine failed.");
  expect(contentOf(heard)).toBe("Hel");
  expect(heard.map(({ done }) => done)).not.toContain(true);
});

test("who leaves ends the engine's work, and what was produced is settled", async () => {
  sdk.play(twoWords);
  const stream = await ollama.chat({ model, messages, stream: true });
  sdk.engine.next();
  const { value } = await stream[Symbol.asyncIterator]().next();
  expect(value?.message.content).toBe("one");
  stream.abort();
  expect(await cancelled(sdk)).toMatchObject({ finish: "client_gone" });
});
