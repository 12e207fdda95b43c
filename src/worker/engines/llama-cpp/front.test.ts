import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "undici";
import { afterEach, expect, test } from "vitest";
import { systemClock as clock } from "../../../base/clock.ts";
import { systemRandom as random } from "../../../base/random.ts";
import { createFront } from "./front.ts";
import { scriptedEngine, type Script } from "./scripted-model.ts";

const key = "right";
const messages = [{ role: "user", content: "Hi" }];
let open: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(open.map((close) => close()));
  open = [];
});

async function serve(script: Script) {
  const { engine, counts } = scriptedEngine(script);
  const server = createFront({ engine, key, clock, random }).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  const post = async (path: string, body: unknown, authorization = `Bearer ${key}`) => {
    const response = await request(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { authorization },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.statusCode, text: await response.body.text() };
  };
  const chat = (fields: object) => post("/v1/chat/completions", { messages, ...fields });
  /** A stream of which the reader decides when it is read. */
  const stream = async (fields: object): Promise<IncomingMessage> => {
    const asked = httpRequest({
      port,
      method: "POST",
      path: "/v1/chat/completions",
      headers: { authorization: `Bearer ${key}` },
    });
    asked.end(JSON.stringify({ messages, stream: true, ...fields }));
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    return response;
  };
  return { post, chat, stream, counts };
}

test("an answer counts its prompt with the template around it, and its tokens", async () => {
  const { chat } = await serve({ answer: "Good day" });
  const { status, text } = await chat({});
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({
    model: "scripted",
    choices: [{ message: { role: "assistant", content: "Good day" }, finish_reason: "stop" }],
    usage: { prompt_tokens: "user: Hi\nmodel: ".length, completion_tokens: 8, total_tokens: 24 },
  });
});

test("a stream has one id, the role first, and usage only where it is asked for", async () => {
  const { chat } = await serve({ answer: "Hi" });
  const { text } = await chat({ stream: true });
  const data = text.split("\n\n").filter(Boolean);
  expect(data.at(-1)).toBe("data: [DONE]");
  const chunks = data
    .slice(0, -1)
    .map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>);
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  expect(chunks.map(({ choices }) => choices)).toMatchObject([
    [{ delta: { role: "assistant", content: "H" }, finish_reason: null }],
    [{ delta: { content: "i" }, finish_reason: null }],
    [{ delta: {}, finish_reason: "stop" }],
  ]);
  const asked = await chat({ stream: true, stream_options: { include_usage: true } });
  expect(asked.text).toContain('"usage":{"prompt_tokens":16,"completion_tokens":2');
});

test("an empty answer is a whole answer", async () => {
  const { chat } = await serve({ answer: "" });
  const { text } = await chat({ stream: true });
  expect(text).toContain('"delta":{"role":"assistant","content":""}');
  expect(text).toContain('"finish_reason":"stop"');
});

test.each([
  ["max_tokens", { max_tokens: 3 }, "Goo", "length", 3],
  ["max_completion_tokens", { max_completion_tokens: 3, max_tokens: 9 }, "Goo", "length", 3],
  ["a stop text", { stop: "d d" }, "Goo", "stop", 6],
  ["one of several stop texts", { stop: ["?", " "] }, "Good", "stop", 5],
])("an answer ends at %s", async (_, fields, content, finish, tokens) => {
  const { chat } = await serve({ answer: "Good day" });
  expect(JSON.parse((await chat(fields)).text)).toMatchObject({
    choices: [{ message: { content }, finish_reason: finish }],
    usage: { completion_tokens: tokens },
  });
});

test("an answer ends where the context does", async () => {
  const { chat } = await serve({ contextSize: 32 });
  const { text } = await chat({});
  expect(JSON.parse(text)).toMatchObject({
    choices: [{ finish_reason: "length" }],
    usage: { prompt_tokens: 16, completion_tokens: 15 },
  });
});

test("a follow-up evaluates only what is new", async () => {
  const { chat, counts } = await serve({ answer: "Good day" });
  await chat({});
  const before = counts.evaluated;
  await chat({ messages: [...messages, { role: "assistant", content: "Good day" }, ...messages] });
  expect(counts.evaluated - before).toBe("\nuser: Hi\nmodel: ".length);
});

const tooLong = [{ role: "user", content: "x".repeat(5_000) }];
const image = { type: "image_url", image_url: { url: "data:" } };

test.each([
  [400, "invalid_json", "{"],
  [400, "invalid_value", { messages: [] }],
  [400, "invalid_value", { messages, temperature: 9 }],
  [400, "context_length_exceeded", { messages: tooLong }],
  [400, "unsupported_parameter", { messages: [{ role: "user", content: [image] }] }],
  [400, "unsupported_parameter", { messages, tools: [{ type: "function" }] }],
  [400, "unsupported_parameter", { messages, n: 2 }],
])("a bad request is refused: %i %s", async (status, code, body) => {
  const { post } = await serve({ answer: "Hi" });
  const refused = await post("/v1/chat/completions", body);
  expect(refused.status).toBe(status);
  expect(JSON.parse(refused.text)).toMatchObject({
    error: { code, type: "invalid_request_error" },
  });
});

test("fields that it does not know are ignored", async () => {
  const { chat } = await serve({ answer: "Hi" });
  expect((await chat({ user: "me", service_tier: "auto", tools: [] })).status).toBe(200);
});

test("nobody is answered without the key", async () => {
  const { post, counts } = await serve({ answer: "Hi" });
  for (const authorization of ["", "Bearer wrong", key])
    expect((await post("/v1/chat/completions", { messages }, authorization)).status).toBe(401);
  expect(counts.produced).toBe(0);
});

test("a model that generates makes no embeddings, and says so", async () => {
  const { post } = await serve({ answer: "Hi" });
  const { status, text } = await post("/v1/embeddings", { input: "Hi" });
  expect([status, text]).toEqual([400, expect.stringContaining("unsupported_parameter")]);
});

test("a request beyond the slots is refused at once, and the slot is free after its answer", async () => {
  const { chat, stream } = await serve({ contextSize: 4_096 });
  const held = await stream({});
  await once(held, "readable");
  const refused = await chat({});
  expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('"busy"')]);
  held.resume();
  await once(held, "end");
  expect((await chat({ max_tokens: 1 })).status).toBe(200);
});

test("when the reader leaves, generating ends and the slot is free", async () => {
  const ended = Promise.withResolvers<void>();
  const { chat, stream, counts } = await serve({
    contextSize: Number.MAX_SAFE_INTEGER,
    onEnd: () => ended.resolve(),
  });
  const held = await stream({});
  await once(held, "readable");
  held.destroy();
  await ended.promise;
  const { produced } = counts;
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  expect(counts.produced).toBe(produced);
  expect((await chat({ max_tokens: 1 })).status).toBe(200);
});

test("while the reader does not read, nothing is generated", async () => {
  const { stream, counts } = await serve({ contextSize: Number.MAX_SAFE_INTEGER });
  const held = await stream({});
  held.pause();
  // The sockets' buffers fill first; then the count stands still for many turns of the event loop.
  let still = 0;
  let last = -1;
  while (still < 1_000) {
    await new Promise(setImmediate);
    still = counts.produced === last ? still + 1 : 0;
    last = counts.produced;
  }
  held.resume();
  while (counts.produced < last + 1_000) await new Promise(setImmediate);
  held.destroy();
}, 30_000);
