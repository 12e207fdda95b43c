/** Anthropic's own SDK: messages, their counting, and models, changed in nothing but its base URL. */
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { endingWith, plainText, reasoning, refusal } from "../support/fake-engine/script.ts";
import { readPackageTypes } from "../support/package-schema.ts";
import { asked, textsOf } from "./anthropic-words.ts";
import {
  firstLeavesAlone,
  model,
  pixelPng,
  pixelUrl,
  type SdkNetwork,
  startSdkNetwork,
  twoWords,
} from "./sdk-network.ts";

let sdk: SdkNetwork;
let anthropic: Anthropic;
beforeAll(async () => {
  sdk = await startSdkNetwork();
  anthropic = new Anthropic({ baseURL: sdk.url, apiKey: "any", maxRetries: 0 });
});
afterAll(() => sdk[Symbol.asyncDispose]());

describe("messages", () => {
  test("a text, with its usage and the request's id", async () => {
    sdk.play(plainText("Hel", "lo"));
    const message = await anthropic.messages.create({ ...asked, system: "Be brief." });
    expect(message).toMatchObject({
      ...{ type: "message", role: "assistant", model },
      content: [{ type: "text", text: "Hello" }],
      ...{ stop_reason: "end_turn", stop_sequence: null },
      usage: { input_tokens: 7, output_tokens: 2 },
    });
    expect(message.id).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(message._request_id).toEqual(expect.any(String));
    expect(sdk.lastAsked()).toMatchObject({
      max_tokens: 1_024,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Say hello." },
      ],
    });
  });

  test("a stream: its helper's final message is the one that is told at once", async () => {
    sdk.play(plainText("Hel", "lo"));
    const stream = anthropic.messages.stream(asked);
    expect(await stream.finalText()).toBe("Hello");
    const streamed = await stream.finalMessage();
    const { parsed_output: _none, ...message } = streamed;
    const whole = await anthropic.messages.create(asked);
    expect({ ...message, id: "" }).toEqual({ ...whole, id: "" });
    const withResponse = await stream.withResponse();
    expect(withResponse.request_id).toEqual(expect.any(String));
    expect(withResponse.response.headers.get("x-troop-node")).toBe(sdk.network.node.id);
  });

  test("as Claude Code asks: beta, bearer, other versions, fields that nobody takes", async () => {
    sdk.play(plainText("Hello"));
    const bearer = new Anthropic({ baseURL: sdk.url, apiKey: null, authToken: "any" });
    const options = { headers: { "anthropic-version": "2023-06-01", "x-app": "cli" } };
    const stream = bearer.beta.messages.stream(
      {
        ...asked,
        betas: ["interleaved-thinking-2025-05-14", "of-tomorrow-2027-01-01"],
        system: [{ type: "text", text: "Hi.", cache_control: { type: "ephemeral" } }],
        ...{ metadata: { user_id: "u" }, thinking: { type: "adaptive" } },
        ...{ context_management: { edits: [] }, output_config: { effort: "high" } },
      },
      options,
    );
    expect((await stream.finalMessage()).content).toMatchObject([{ text: "Hello" }]);
    const { response } = await stream.withResponse();
    expect(response.headers.get("x-troop-ignored")).toBe("metadata, context_management");
    expect(sdk.lastAsked()["chat_template_kwargs"]).toEqual({
      reasoning_effort: "high",
    });
  });

  test("the first word leaves before the engine has its second", async () => {
    sdk.play(twoWords);
    const stream = await anthropic.messages.create({ ...asked, stream: true });
    expect(await firstLeavesAlone(sdk, textsOf(stream))).toEqual(["one", "two"]);
  });

  test("thoughts come before the text, whole and streamed, and go back to the engine", async () => {
    sdk.play(reasoning("hm", "yes"));
    const thinking = { type: "enabled" as const, budget_tokens: 1_024 };
    const whole = await anthropic.messages.create({ ...asked, thinking, max_tokens: 4_096 });
    const streamed = await anthropic.messages.stream({ ...asked, thinking }).finalMessage();
    for (const { content } of [whole, streamed])
      expect(content).toMatchObject([
        { type: "thinking", thinking: "hm", signature: "unsigned" },
        { type: "text", text: "yes" },
      ]);
    const { content } = whole;
    const again = { role: "user" as const, content: "Sure?" };
    await anthropic.messages.create({
      ...asked,
      messages: [...asked.messages, { role: "assistant", content }, again],
    });
    expect(sdk.lastAsked()["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", content: "yes", reasoning_content: "hm" },
      again,
    ]);
  });

  test("refusals, and answers that were cut for their length", async () => {
    sdk.play(refusal("I will not."));
    const refused = await anthropic.messages.create(asked);
    expect(refused).toMatchObject({
      ...{ stop_reason: "refusal", stop_details: { type: "refusal" } },
      content: [{ text: "I will not." }],
    });
    sdk.play(endingWith("length", "Once"));
    expect((await anthropic.messages.create(asked)).stop_reason).toBe("max_tokens");
  });

  test("structured output: the schema reaches the engine, the answer is parsed", async () => {
    sdk.play(plainText('{"city":', '"Graz"}'));
    const format = zodOutputFormat(z.object({ city: z.string() }));
    const answer = await anthropic.messages.parse({ ...asked, output_config: { format } });
    expect(answer.parsed_output).toEqual({ city: "Graz" });
    expect(sdk.lastAsked()["response_format"]).toMatchObject({
      type: "json_schema",
      json_schema: { strict: true, schema: { required: ["city"] } },
    });
  });

  test("images and texts in documents reach the engine, PDF is refused by name", async () => {
    sdk.play(plainText("A dot."));
    const content: Anthropic.ContentBlockParam[] = [
      { type: "image", source: { type: "base64", media_type: "image/png", data: pixelPng } },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "Notes." } },
      { type: "text", text: "What is it?" },
    ];
    await anthropic.messages.create({ ...asked, messages: [{ role: "user", content }] });
    expect(sdk.lastAsked()["messages"]).toMatchObject([
      {
        content: [
          { type: "image_url", image_url: { url: pixelUrl } },
          { type: "text", text: "Notes." },
          { type: "text", text: "What is it?" },
        ],
      },
    ]);
    content.push({
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
    });
    const refused = anthropic.messages.create({
      ...asked,
      messages: [{ role: "user", content }],
    });
    await expect(refused).rejects.toMatchObject({
      ...{ status: 400, type: "invalid_request_error" },
      message: expect.stringContaining("`messages.0.content.3.source`: no engine here reads PDF"),
    });
  });
});

test("tokens are counted without asking an engine: a quarter of the bytes, 1,024 an image", async () => {
  const before = sdk.engine.requests.all.length;
  const counted = (content: Anthropic.ContentBlockParam[]) =>
    anthropic.messages.countTokens({ model, messages: [{ role: "user", content }] });
  const text = { type: "text" as const, text: "x".repeat(400) };
  expect(await counted([text])).toEqual({ input_tokens: 100 });
  const image = { type: "url" as const, url: "https://example.com/a.png" };
  expect(await counted([text, { type: "image", source: image }])).toEqual({ input_tokens: 1_124 });
  expect(sdk.engine.requests.all).toHaveLength(before);
});

test("models: the list, each as the SDK's types have it, and one of them by its id", async () => {
  const listed = [];
  for await (const info of anthropic.models.list({ limit: 1_000 })) listed.push(info);
  expect(listed.map(({ id }) => id)).toContain(model);
  const types = readPackageTypes("@anthropic-ai/sdk/resources/models");
  const others = ["object", "created", "owned_by", "context_length", "troop"];
  for (const info of listed) {
    const own = Object.entries(info).filter(([name]) => !others.includes(name));
    expect(types.faults("ModelInfo", Object.fromEntries(own))).toEqual([]);
  }
  const info = await anthropic.models.retrieve(model);
  expect(info).toMatchObject({ id: model, type: "model", display_name: model });
}, 60_000);
