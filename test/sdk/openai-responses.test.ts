/** OpenAI's own SDK: Responses over HTTP. Each event of a stream is held against the types that OpenAI publishes. */
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import type { Response, ResponseStreamEvent, Tool } from "openai/resources/responses/responses";
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
import { expectEvent, expectPublished, expectResponse } from "../support/openai-schema.ts";
import {
  cancelled,
  firstLeavesAlone,
  model,
  passGates,
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

const asked = { model, input: "Say hello." };
const weather: Tool = {
  type: "function",
  name: "weather",
  description: "How it is outside",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
};

/** As it came over the wire, without what the SDK adds to it. */
function published(response: Response): Response {
  const { output_text: _text, ...wire } = response;
  expectResponse(wire);
  return response;
}

async function read(stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = [];
  for await (const event of stream) {
    expectEvent(event);
    expect(event.sequence_number).toBe(events.length);
    events.push(event);
  }
  return events;
}

async function* textsOf(stream: AsyncIterable<ResponseStreamEvent>) {
  for await (const event of stream)
    yield event.type === "response.output_text.delta" ? event.delta : "";
}

const typesOf = (events: readonly ResponseStreamEvent[]) => events.map(({ type }) => type);

describe("an answer", () => {
  test("is a text with its usage, whole and streamed", async () => {
    sdk.play(plainText("Hel", "lo"));
    const whole = published(await openai.responses.create(asked));
    expect(whole).toMatchObject({ status: "completed", output_text: "Hello", model });
    expect(whole.usage).toMatchObject({ input_tokens: 7, output_tokens: 2, total_tokens: 9 });
    const events = await read(await openai.responses.create({ ...asked, stream: true }));
    expect(typesOf(events).at(0)).toBe("response.created");
    const last = events.at(-1);
    expect(last?.type === "response.completed" && last.response.usage).toEqual(whole.usage);
  });

  test("leaves with its first word before the engine has its second", async () => {
    sdk.play(twoWords);
    const stream = await openai.responses.create({ ...asked, stream: true });
    expect(await firstLeavesAlone(sdk, textsOf(stream))).toEqual(["one", "two"]);
  });

  test("tells thoughts apart from words, and a refusal from either", async () => {
    sdk.play(reasoning("Let me think.", "Hello"));
    const events = await read(await openai.responses.create({ ...asked, stream: true }));
    expect(typesOf(events)).toContain("response.reasoning_text.delta");
    const { output } = published(await openai.responses.create(asked));
    expect(output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    sdk.play(refusal("No."));
    const refused = published(await openai.responses.create(asked));
    const content = [{ type: "refusal", refusal: "No." }];
    expect(refused.output).toMatchObject([{ type: "message", content }]);
  });

  test("that was cut for length is incomplete, and can be gone on from", async () => {
    sdk.play(endingWith("length", "Hel"));
    const { id, ...cut } = published(
      await openai.responses.create({ ...asked, max_output_tokens: 1 }),
    );
    expect(cut).toMatchObject({
      ...{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    });
    expect(sdk.lastAsked()).toMatchObject({ max_completion_tokens: 1 });
    await openai.responses.create({ ...asked, previous_response_id: id });
    expect(sdk.lastAsked()["messages"]).toHaveLength(3);
  });

  test("of a schema's shape is parsed", async () => {
    sdk.play(plainText('{"city":', '"Graz"}'));
    const format = zodTextFormat(z.object({ city: z.string() }), "place");
    const { output_parsed } = await openai.responses.parse({ ...asked, text: { format } });
    expect(output_parsed).toEqual({ city: "Graz" });
    expect(sdk.lastAsked()["response_format"]).toMatchObject({
      ...{ type: "json_schema", json_schema: { name: "place", strict: true } },
    });
  });

  test("may be about an image", async () => {
    sdk.play(plainText("A pixel."));
    const image = { type: "input_image" as const, image_url: pixelUrl, detail: "auto" as const };
    const content = [{ type: "input_text" as const, text: "What is this?" }, image];
    await openai.responses.create({ model, input: [{ role: "user", content }] });
    expect(sdk.lastAsked()["messages"]).toMatchObject([
      { role: "user", content: [{ type: "text" }, { image_url: { url: pixelUrl } }] },
    ]);
  });
});

describe("tools", () => {
  test("one is called, and its result goes back with `previous_response_id` alone", async () => {
    sdk.play(toolCall("weather", '{"city":"Graz"}'));
    const events = await read(
      await openai.responses.create({ ...asked, tools: [weather], stream: true }),
    );
    expect(typesOf(events)).toContain("response.function_call_arguments.done");
    const last = events.at(-1);
    if (last?.type !== "response.completed") throw new Error("not completed");
    const [call] = last.response.output;
    if (call?.type !== "function_call") throw new Error("not a call");
    expect(call).toMatchObject({ name: "weather", arguments: '{"city":"Graz"}' });
    sdk.play(plainText("Sunny."));
    const answer = published(
      await openai.responses.create({
        ...{ model, tools: [weather], previous_response_id: last.response.id },
        input: [{ type: "function_call_output", call_id: call.call_id, output: "sun" }],
      }),
    );
    expect(answer.output_text).toBe("Sunny.");
    expect(sdk.lastAsked()["messages"]).toMatchObject([
      { role: "user", content: "Say hello." },
      { role: "assistant", tool_calls: [{ id: call.call_id, function: { name: "weather" } }] },
      { role: "tool", tool_call_id: call.call_id, content: "sun" },
    ]);
  });

  test("several called at once are told apart", async () => {
    sdk.play(parallelTools(["weather", '{"city":"Graz"}'], ["weather", '{"city":"Linz"}']));
    const given = { ...asked, tools: [weather], parallel_tool_calls: true };
    const { output } = published(await openai.responses.create(given));
    expect(output).toMatchObject([
      { type: "function_call", arguments: '{"city":"Graz"}' },
      { type: "function_call", arguments: '{"city":"Linz"}' },
    ]);
    const stream = openai.responses.stream(given);
    const streamed = await stream.finalResponse();
    expect(streamed.output).toMatchObject(
      output.map((item) => ({ ...item, id: expect.any(String) as string })),
    );
  });
});

describe("what is kept", () => {
  test("is retrieved, listed, and deleted", async () => {
    sdk.play(plainText("Hello"));
    const made = await openai.responses.create({ ...asked, metadata: { topic: "greeting" } });
    expect(published(await openai.responses.retrieve(made.id))).toEqual(made);
    const page = await openai.responses.inputItems.list(made.id);
    expect(page.data).toMatchObject([{ role: "user", content: [{ text: "Say hello." }] }]);
    for (const item of page.data) expectPublished("ResponseItem", item);
    await openai.responses.delete(made.id);
    await expect(openai.responses.retrieve(made.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  test("in the background is cancelled, and the engine's work with it", async () => {
    sdk.play(twoWords);
    const { id } = published(await openai.responses.create({ ...asked, background: true }));
    sdk.engine.next();
    for (;;) {
      const now = published(await openai.responses.retrieve(id));
      if (now.output_text === "one") break;
    }
    expect(published(await openai.responses.cancel(id)).status).toBe("cancelled");
    expect(await cancelled(sdk)).toMatchObject({ completion_tokens: 1 });
    passGates(sdk);
  });
});

describe("failures", () => {
  test("an application that leaves ends the engine's work, and what was made is settled", async () => {
    sdk.play(twoWords);
    const stream = await openai.responses.create({ ...asked, stream: true });
    sdk.engine.next();
    for await (const event of stream) if (event.type === "response.output_text.delta") break;
    expect(await cancelled(sdk)).toMatchObject({ completion_tokens: 1 });
    passGates(sdk);
  });

  test("an engine cut mid-stream ends in the API's own failure, never in its success", async () => {
    sdk.play(cutAfter("one"));
    const { body } = await openai.responses.create({ ...asked, stream: true }).asResponse();
    const text = await new Response(body).text();
    const types = [...text.matchAll(/^event: (.*)$/gm)].map(([, type]) => type);
    expect(types.slice(-2)).toEqual(["error", "response.failed"]);
    expect(types).not.toContain("response.completed");
    await expect(openai.responses.create(asked)).rejects.toMatchObject({ status: 502 });
  });

  test("before an answer are errors of the SDK's own classes", async () => {
    sdk.play(plainText("Hello"));
    const nobody = openai.responses.create({ ...asked, model: "nobody" });
    await expect(nobody).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const unknown = openai.responses.create({ ...asked, previous_response_id: "resp_none" });
    await expect(unknown).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    const wrong = openai.responses.create({ ...asked, temperature: 9 });
    await expect(wrong).rejects.toMatchObject({ status: 400, param: "temperature" });
    sdk.play(errorStatus(500));
    const broken = openai.responses.create(asked);
    await expect(broken).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  });
});
