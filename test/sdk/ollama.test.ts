/** Ollama's own package for JavaScript: all but its chats, which `ollama-chat.test.ts` has. */
import { Ollama } from "ollama";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completionText, errorStatus, plainText } from "../support/fake-engine/script.ts";
import { model, type SdkNetwork, startSdkNetwork } from "./sdk-network.ts";

let sdk: SdkNetwork;
let ollama: Ollama;
beforeAll(async () => {
  sdk = await startSdkNetwork();
  ollama = new Ollama({ host: sdk.url });
});
afterAll(() => sdk[Symbol.asyncDispose]());

const messages = [{ role: "user", content: "Say hello." }];

async function all<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe("generate", () => {
  test("a prompt is a chat of one message", async () => {
    sdk.play(plainText("Hel", "lo"));
    const answer = await ollama.generate({ model, system: "Be brief.", prompt: "Hello?" });
    expect(answer).toMatchObject({ response: "Hello", done: true, eval_count: 2 });
    expect(sdk.lastAsked()["messages"]).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello?" },
    ]);
    const streamed = await all(await ollama.generate({ model, prompt: "Hello?", stream: true }));
    expect(streamed.map(({ response }) => response).join("")).toBe("Hello");
  });

  test("raw text and a gap to fill are plain completions, whole and streamed", async () => {
    sdk.play(completionText(" a", " time"));
    const raw = { model, prompt: "Once upon", raw: true };
    expect((await ollama.generate(raw)).response).toBe(" a time");
    expect(sdk.engine.requests.all.at(-1)).toMatchObject({
      path: "/v1/completions",
      body: { prompt: "Once upon" },
    });
    const gap = { model, prompt: "def add(", suffix: "return c", stream: true as const };
    const streamed = await all(await ollama.generate(gap));
    expect(streamed.map(({ response }) => response)).toEqual([" a", " time", ""]);
    expect(sdk.lastAsked()).toMatchObject({ prompt: "def add(", suffix: "return c" });
  });
});

test("embeddings: many as vectors of length one, and one as it was before", async () => {
  sdk.play(plainText());
  const { embeddings, prompt_eval_count } = await ollama.embed({ model, input: ["a", "b"] });
  expect(prompt_eval_count).toBe(7);
  expect(embeddings).toHaveLength(2);
  for (const vector of embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1);
  expect((await ollama.embeddings({ model, prompt: "a" })).embedding).toEqual([0.5, -0.25]);
});

test("models: listed, running, and shown with what they can do", async () => {
  const { models } = await ollama.list();
  const digest = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  expect(models[0]).toMatchObject({ name: model, model, digest });
  const chosen = models.map(({ name }) => name).find((name) => name !== model)!;
  expect((await ollama.show({ model: chosen })).capabilities).toContain("completion");
  expect((await ollama.ps()).models).toMatchObject([{ name: model }]);
  const shown = await ollama.show({ model });
  expect(shown.capabilities).toEqual(["completion", "embedding"]);
  expect((await ollama.version()).version).toMatch(/^\d+\.\d+\.\d+$/);
});

test("a request without messages or prompt asks whether the model is there", async () => {
  const asked = sdk.engine.requests.all.length;
  expect(await ollama.chat({ model })).toMatchObject({ done: true, done_reason: "load" });
  expect(await ollama.generate({ model, prompt: "", keep_alive: 0 })).toMatchObject({
    ...{ response: "", done: true, done_reason: "unload" },
  });
  expect(sdk.engine.requests.all).toHaveLength(asked);
  await expect(ollama.chat({ model: "nobody-has-it" })).rejects.toMatchObject({ status_code: 404 });
});

describe("failures are plain sentences", () => {
  test.each<[string, () => Promise<unknown>, number, RegExp]>([
    ["no such model", () => ollama.chat({ model: "none", messages }), 404, /offers this model/],
    ["no such model to show", () => ollama.show({ model: "none" }), 404, /offers this model/],
    [
      "a value out of bounds, in this API's words",
      () => ollama.chat({ model, messages, options: { temperature: 99 } }),
      ...([400, /^`options\.temperature`: /] as const),
    ],
    [
      "an image that is none",
      () => ollama.generate({ model, prompt: "?", images: ["bm90IGFuIGltYWdl"] }),
      ...([400, /^`images\.0`: /] as const),
    ],
    ["pull", () => ollama.pull({ model }), 501, /kept by those who lend/],
    ["push", () => ollama.push({ model }), 501, /kept by those who lend/],
    ["create", () => ollama.create({ model: "own", from: model }), 501, /kept by those who lend/],
    ["copy", () => ollama.copy({ source: model, destination: "own" }), 501, /kept by those/],
    ["delete", () => ollama.delete({ model }), 501, /kept by those who lend/],
  ])("%s", async (_name, ask, status, sentence) => {
    const failure: unknown = await ask().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      ...{ name: "ResponseError", status_code: status },
      message: expect.stringMatching(sentence) as string,
    });
  });

  test("an engine that fails before it has said anything", async () => {
    sdk.play(errorStatus(500));
    for (const stream of [false, true] as never[])
      await expect(ollama.chat({ model, messages, stream })).rejects.toMatchObject({
        ...{ name: "ResponseError", status_code: 502 },
      });
  });
});
