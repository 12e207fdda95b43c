/** OpenAI's own SDK: Responses over a WebSocket, through the whole network. */
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import type { ResponsesServerEvent } from "openai/resources/responses/responses";
import { afterAll, beforeAll, expect, test } from "vitest";
import { all } from "../../src/client/fixtures/sidecar.fixture.ts";
import { cutAfter, plainText, toolCall } from "../support/fake-engine/script.ts";
import { expectPublished } from "../support/openai-schema.ts";
import {
  cancelled,
  firstLeavesAlone,
  model,
  passGates,
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

const asked = { type: "response.create" as const, model, input: "Say hello.", store: false };

function open(): ResponsesWS & Disposable {
  const socket = new ResponsesWS(openai);
  // Without a listener an error event would be thrown where nobody can catch it.
  socket.on("error", () => undefined);
  return Object.assign(socket, { [Symbol.dispose]: () => socket.close() });
}

/** Of one answer, its last event included; each as OpenAI publishes it. */
async function* answer(socket: ResponsesWS): AsyncGenerator<ResponsesServerEvent> {
  const ends = ["response.completed", "response.failed", "response.incomplete"];
  for await (const record of socket.stream()) {
    if (record.type === "error" && !record.error.error) throw record.error;
    const event = record.type === "message" ? record.message : undefined;
    if (!event) continue;
    expectPublished("ResponsesServerEvent", event);
    yield event;
    if (event.type && ends.includes(event.type)) return;
  }
}

async function* textsOf(events: AsyncIterable<ResponsesServerEvent>) {
  for await (const event of events)
    yield event.type === "response.output_text.delta" ? event.delta : "";
}

test("a tool is called, and its result goes back on the same connection though nothing is kept", async () => {
  using socket = open();
  sdk.play(toolCall("weather", '{"city":"Graz"}'));
  const tools = [
    { type: "function" as const, name: "weather", parameters: { type: "object" }, strict: false },
  ];
  socket.send({ ...asked, tools });
  const last = (await all(answer(socket))).at(-1);
  if (last?.type !== "response.completed") throw new Error("not completed");
  const [call] = last.response.output;
  if (call?.type !== "function_call") throw new Error("not a call");
  sdk.play(plainText("Sunny."));
  const input = [{ type: "function_call_output" as const, call_id: call.call_id, output: "sun" }];
  socket.send({ ...asked, tools, input, previous_response_id: last.response.id });
  const texts = await all(textsOf(answer(socket)));
  expect(texts.join("")).toBe("Sunny.");
  expect(sdk.lastAsked()["messages"]).toMatchObject([
    { role: "user" },
    { role: "assistant", tool_calls: [{ id: call.call_id }] },
    { role: "tool", content: "sun" },
  ]);
});

test("the first word leaves before the engine has its second", async () => {
  using socket = open();
  sdk.play(twoWords);
  const texts = textsOf(answer(socket));
  socket.send(asked);
  expect(await firstLeavesAlone(sdk, texts)).toEqual(["one", "two"]);
});

test("hanging up ends the engine's work, and what was made is settled", async () => {
  using socket = open();
  sdk.play(twoWords);
  const texts = textsOf(answer(socket));
  socket.send(asked);
  sdk.engine.next();
  for await (const text of texts) if (text === "one") break;
  socket.close();
  expect(await cancelled(sdk)).toMatchObject({ completion_tokens: 1 });
  passGates(sdk);
});

test("an engine cut mid-stream ends in a failure, never in a completion", async () => {
  using socket = open();
  sdk.play(cutAfter("one"));
  const events = answer(socket);
  socket.send(asked);
  const types = (await all(events)).map(({ type }) => type);
  expect(types.at(-1)).toBe("response.failed");
  expect(types).not.toContain("response.completed");
});

test("a request that is refused is an error event of the published shape", async () => {
  using socket = open();
  const refused = new Promise<unknown>((resolve) => {
    socket.on("error", ({ error }) => resolve(error));
  });
  socket.send({ ...asked, previous_response_id: "resp_none" });
  const event = await refused;
  expectPublished("ResponsesServerEvent", event);
  expect(event).toMatchObject({ status: 400, error: { code: "previous_response_not_found" } });
});
