/** LangChain.js: chat and embeddings by its package for OpenAI, pointed here. */
import { HumanMessage, type ToolMessage } from "@langchain/core/messages";
import type { ToolCall } from "@langchain/core/messages/tool";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { cutAfter, errorStatus, parallelTools, plainText } from "../support/fake-engine/script.ts";
import {
  cancelled,
  firstLeavesAlone,
  model as modelName,
  pixelUrl,
  type SdkNetwork,
  startSdkNetwork,
  twoWords,
} from "./sdk-network.ts";

let sdk: SdkNetwork;
let chat: ChatOpenAI;
beforeAll(async () => {
  sdk = await startSdkNetwork();
  chat = new ChatOpenAI({ model: modelName, ...common() });
});
afterAll(() => sdk[Symbol.asyncDispose]());

const common = () => ({ apiKey: "any", maxRetries: 0, configuration: { baseURL: sdk.baseURL } });

async function* textsOf(stream: AsyncIterable<{ text: string }>) {
  for await (const { text } of stream) yield text;
}

test("a text, with its usage", async () => {
  sdk.play(plainText("Hel", "lo"));
  const answer = await chat.invoke("Say hello.");
  expect(answer.text).toBe("Hello");
  expect(answer.usage_metadata).toMatchObject({
    ...{ input_tokens: 7, output_tokens: 2, total_tokens: 9 },
  });
  expect(answer.response_metadata).toMatchObject({ finish_reason: "stop" });
});

test("a stream, whose first word leaves before the engine has its second", async () => {
  sdk.play(twoWords);
  const stream = await chat.stream("Say two words.");
  expect(await firstLeavesAlone(sdk, textsOf(stream))).toEqual(["one", "two"]);
});

test("tools called in parallel, streamed, and their results in the next turn", async () => {
  const weather = tool(({ city }: { city: string }) => `sun over ${city}`, {
    ...{ name: "weather", description: "How it is outside" },
    schema: z.object({ city: z.string() }),
  });
  const withTools = chat.bindTools([weather], { parallel_tool_calls: true });
  sdk.play(parallelTools(["weather", '{"city":"Graz"}'], ["weather", '{"city":"Linz"}']));
  const question = new HumanMessage("How is it there?");
  const stream = await withTools.stream([question]);
  let asked = (await stream[Symbol.asyncIterator]().next()).value!;
  for await (const chunk of stream) asked = asked.concat(chunk);
  expect(asked.tool_calls).toMatchObject([
    { id: "call_1", name: "weather", args: { city: "Graz" } },
    { id: "call_2", name: "weather", args: { city: "Linz" } },
  ]);
  sdk.play(plainText("Sunny."));
  const results = await Promise.all(
    asked.tool_calls!.map((call: ToolCall) => weather.invoke(call)),
  );
  const answer = await withTools.invoke([question, asked, ...(results as ToolMessage[])]);
  expect(answer.text).toBe("Sunny.");
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
  const place = await chat
    .withStructuredOutput(schema, { name: "place", method: "jsonSchema" })
    .invoke("Where?");
  expect(place).toEqual({ city: "Graz" });
  expect(sdk.lastAsked()["response_format"]).toMatchObject({
    type: "json_schema",
    json_schema: { name: "place", schema: { required: ["city"] } },
  });
});

test("an image within a data: URL reaches the engine as it is", async () => {
  sdk.play(plainText("A dot."));
  const content = [
    { type: "text", text: "What is it?" },
    { type: "image_url", image_url: { url: pixelUrl } },
  ];
  await chat.invoke([new HumanMessage({ content })]);
  expect(sdk.lastAsked()["messages"]).toEqual([{ role: "user", content }]);
});

test("an engine that breaks off is an error, never a short answer", async () => {
  sdk.play(cutAfter("half"));
  const heard: string[] = [];
  const read = async () => {
    for await (const text of textsOf(await chat.stream("Go on."))) heard.push(text);
  };
  await expect(read()).rejects.toMatchObject({ code: "engine_error" });
  expect(heard.join("")).toBe("half");
});

test("errors carry their status and code", async () => {
  const missing = new ChatOpenAI({ model: "none", ...common() });
  await expect(missing.invoke("Hi")).rejects.toMatchObject({
    status: 404,
    code: "model_not_found",
  });
  sdk.play(errorStatus(500));
  await expect(chat.invoke("Hi")).rejects.toMatchObject({ status: 502, code: "engine_error" });
});

test("what is called off ends the engine's work and is settled", async () => {
  sdk.play(twoWords);
  const controller = new AbortController();
  const read = async () => {
    const stream = await chat.stream("Say two words.", { signal: controller.signal });
    sdk.engine.next();
    for await (const text of textsOf(stream)) if (text === "one") controller.abort();
  };
  await read().catch(() => undefined);
  expect(await cancelled(sdk)).toMatchObject({ completion_tokens: 1 });
});

test("embeddings: as the package asks by itself, and in either form", async () => {
  const vector = [0.5, -0.25];
  for (const [form, expected] of [
    [undefined, vector],
    ["float", vector],
    ["base64", "AAAAPwAAgL4="],
  ] as const) {
    const fields = form === undefined ? {} : { encodingFormat: form };
    const embeddings = new OpenAIEmbeddings({ model: modelName, ...fields, ...common() });
    expect(await embeddings.embedDocuments(["one", "two"])).toEqual([expected, expected]);
  }
});
