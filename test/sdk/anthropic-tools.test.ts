/** Anthropic's own SDK and its tools: calls, told apart, and what comes back of them. */
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { parallelTools, plainText, toolCall } from "../support/fake-engine/script.ts";
import { model, type SdkNetwork, startSdkNetwork } from "./sdk-network.ts";

let sdk: SdkNetwork;
let anthropic: Anthropic;
beforeAll(async () => {
  sdk = await startSdkNetwork();
  anthropic = new Anthropic({ baseURL: sdk.url, apiKey: "any", maxRetries: 0 });
});
afterAll(() => sdk[Symbol.asyncDispose]());

const asked = {
  ...{ model, max_tokens: 1_024 },
  messages: [{ role: "user" as const, content: "How is it in Graz?" }],
};
const weather: Anthropic.Tool = {
  name: "weather",
  description: "How it is outside",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

test("a call, streamed, and its result", async () => {
  sdk.play(toolCall("weather", '{"city":"Graz"}'));
  const tools = [weather];
  const tool_choice = { type: "tool" as const, name: "weather" };
  const stream = anthropic.messages.stream({ ...asked, tools, tool_choice });
  const inputs: string[] = [];
  stream.on("inputJson", (part) => inputs.push(part));
  const { content, stop_reason } = await stream.finalMessage();
  expect(stop_reason).toBe("tool_use");
  expect(content).toMatchObject([
    { type: "tool_use", id: "call_1", name: "weather", input: { city: "Graz" } },
  ]);
  expect(inputs.join("")).toBe('{"city":"Graz"}');
  expect(sdk.lastAsked()["tool_choice"]).toEqual({
    ...{ type: "function", function: { name: "weather" } },
  });

  sdk.play(plainText("Sunny."));
  const result = { type: "tool_result" as const, tool_use_id: "call_1", content: "sun" };
  await anthropic.messages.create({
    ...{ ...asked, tools },
    messages: [
      ...asked.messages,
      { role: "assistant", content },
      { role: "user", content: [result] },
    ],
  });
  expect(sdk.lastAsked()["messages"]).toMatchObject([
    { role: "user" },
    { role: "assistant", tool_calls: [{ id: "call_1", function: { name: "weather" } }] },
    { role: "tool", tool_call_id: "call_1", content: "sun" },
  ]);
});

test("calls in parallel are told apart, whole and streamed", async () => {
  sdk.play(parallelTools(["weather", '{"city":"Graz"}'], ["weather", '{"city":"Linz"}']));
  const whole = await anthropic.messages.create({ ...asked, tools: [weather] });
  const streamed = await anthropic.messages.stream({ ...asked, tools: [weather] }).finalMessage();
  for (const { content } of [whole, streamed])
    expect(content).toMatchObject([
      { id: "call_1", name: "weather", input: { city: "Graz" } },
      { id: "call_2", name: "weather", input: { city: "Linz" } },
    ]);
});

test("the SDK's own runner calls the tools and goes on until there is an answer", async () => {
  sdk.play(parallelTools(["weather", '{"city":"Graz"}'], ["weather", '{"city":"Linz"}']));
  const runner = anthropic.beta.messages.toolRunner({
    ...{ ...asked, stream: true },
    tools: [
      betaZodTool({
        ...{ name: "weather", description: "How it is outside" },
        inputSchema: z.object({ city: z.string() }),
        run({ city }) {
          sdk.play(plainText("Well."));
          if (city === "Linz") throw new Error("no station there");
          return [{ type: "text", text: `sun over ${city}` }];
        },
      }),
    ],
  });
  expect((await runner.runUntilDone()).content).toMatchObject([{ text: "Well." }]);
  expect((sdk.lastAsked()["messages"] as object[]).slice(2)).toEqual([
    { role: "tool", tool_call_id: "call_1", content: "sun over Graz" },
    { role: "tool", tool_call_id: "call_2", content: "Error: Error: no station there" },
  ]);
});
