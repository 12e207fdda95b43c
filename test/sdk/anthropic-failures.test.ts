/** Anthropic's own SDK where an answer waits, breaks off, is refused or called off. */
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cutAfter, errorStatus } from "../support/fake-engine/script.ts";
import { asked, textsOf } from "./anthropic-words.ts";
import {
  cancelled,
  firstLeavesAlone,
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

/** What the last call through `overheard` was answered. */
let heard: Promise<string>;
const overheard: typeof fetch = async (...call) => {
  const response = await fetch(...call);
  heard = response.clone().text();
  return response;
};

test("while the engine is busy the API's own pings come, which the SDK passes over", async () => {
  sdk.play(twoWords);
  const client = new Anthropic({ baseURL: sdk.url, apiKey: "any", fetch: overheard });
  const stream = await client.messages.create({ ...asked, stream: true });
  await sdk.network.clock.advance(10_000);
  expect(await firstLeavesAlone(sdk, textsOf(stream))).toEqual(["one", "two"]);
  expect(await heard).toContain('\n\nevent: ping\ndata: {"type":"ping"}\n\n');
});

test("an engine that breaks off is the SDK's error, never its end", async () => {
  sdk.play(cutAfter("half"));
  const stream = anthropic.messages.stream(asked);
  const seen: string[] = [];
  stream.on("streamEvent", ({ type }) => seen.push(type));
  await expect(stream.finalMessage()).rejects.toMatchObject({
    ...{ type: "api_error", requestID: expect.any(String) },
  });
  expect(seen).toEqual(["message_start", "content_block_start", "content_block_delta"]);
});

test("errors are of the SDK's own classes", async () => {
  const asking = (change: object) =>
    anthropic.messages.create({ ...asked, ...change }).catch((error: unknown) => error);
  const missing = await asking({ model: "claude-haiku-4-5" });
  expect(missing).toBeInstanceOf(Anthropic.NotFoundError);
  expect(missing).toMatchObject({ type: "not_found_error", requestID: expect.any(String) });
  const wrong = await asking({ max_tokens: 0 });
  expect(wrong).toBeInstanceOf(Anthropic.BadRequestError);
  expect(wrong).toMatchObject({
    ...{ type: "invalid_request_error", message: expect.stringContaining("`max_tokens`") },
  });
  const image = { type: "url" as const, url: "http://127.0.0.1/a.png" };
  const content = [{ type: "image" as const, source: image }];
  expect(await asking({ system: "Hi.", messages: [{ role: "user", content }] })).toMatchObject({
    ...{ status: 400, errorCode: "image_unavailable", apiMessage: expect.any(String) },
  });
  const hot = await asking({ temperature: 9, stop_sequences: ["a"] });
  expect(hot).toMatchObject({ apiMessage: expect.stringContaining("`temperature`") });
  sdk.play(errorStatus(500));
  expect(await asking({})).toBeInstanceOf(Anthropic.InternalServerError);
});

test("what is called off ends the engine's work and is settled", async () => {
  sdk.play(twoWords);
  const stream = await anthropic.messages.create({ ...asked, stream: true });
  sdk.engine.next();
  for await (const text of textsOf(stream)) if (text === "one") stream.controller.abort();
  expect(await cancelled(sdk)).toMatchObject({ completion_tokens: 1 });
});
