/** OpenAI's own SDK: completions, embeddings and models, changed in nothing but its base URL. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completionText, cutCompletion, gatedCompletion } from "../support/fake-engine/script.ts";
import {
  cancelled,
  firstLeavesAlone,
  model,
  type SdkNetwork,
  startSdkNetwork,
} from "./sdk-network.ts";

let sdk: SdkNetwork;
let openai: OpenAI;
beforeAll(async () => {
  sdk = await startSdkNetwork();
  openai = new OpenAI({ baseURL: sdk.baseURL, apiKey: "any", maxRetries: 0 });
});
afterAll(() => sdk[Symbol.asyncDispose]());

describe("completions", () => {
  test("a text, whole and streamed", async () => {
    sdk.play(completionText("Once", " upon"));
    const asked = { model, prompt: "Tell me." };
    const answer = await openai.completions.create(asked);
    expect(answer).toMatchObject({
      object: "text_completion",
      choices: [{ text: "Once upon", finish_reason: "stop" }],
    });
    let streamed = "";
    for await (const { choices } of await openai.completions.create({ ...asked, stream: true }))
      streamed += choices[0]?.text ?? "";
    expect(streamed).toBe("Once upon");
  });

  test("the first text leaves before the engine has its second", async () => {
    sdk.play(gatedCompletion("one", "two"));
    // Begun by its first reader: nothing comes before the first text, no headers either.
    async function* texts() {
      const stream = await openai.completions.create({ model, prompt: "Count.", stream: true });
      for await (const { choices } of stream) yield choices[0]?.text ?? "";
    }
    expect(await firstLeavesAlone(sdk, texts())).toEqual(["one", "two"]);
  });

  test("what is called off ends the engine's work and is settled", async () => {
    sdk.play(gatedCompletion("one", "two"));
    sdk.engine.next();
    const stream = await openai.completions.create({ model, prompt: "Count.", stream: true });
    for await (const { choices } of stream) if (choices[0]?.text) stream.controller.abort();
    expect(await cancelled(sdk)).toMatchObject({ finish: "client_gone" });
    // Gates that nobody waits at any more would be taken from the next test.
    for (const _gate of ["two", "the end"]) sdk.engine.next();
  });

  test("an engine that breaks off is the SDK's error, never its end", async () => {
    sdk.play(cutCompletion("half"));
    const read = async () => {
      const stream = await openai.completions.create({ model, prompt: "Count.", stream: true });
      for await (const { choices } of stream) expect(choices[0]?.finish_reason).toBeNull();
    };
    await expect(read()).rejects.toMatchObject({ code: "engine_error" });
  });
});

describe("embeddings", () => {
  // As the SDK asks by itself: base64, which it turns into floats.
  test.each([[undefined], ["float"], ["base64"]] as const)("as %s", async (encoding_format) => {
    const answer = await openai.embeddings.create({
      ...{ model, input: ["one", "two"] },
      ...(encoding_format ? { encoding_format } : {}),
    });
    const vector = encoding_format === "base64" ? "AAAAPwAAgL4=" : [0.5, -0.25];
    expect(answer.data.map(({ index, embedding }) => ({ index, embedding }))).toEqual([
      { index: 0, embedding: vector },
      { index: 1, embedding: vector },
    ]);
    expect(answer.usage.prompt_tokens).toBe(7);
  });
});

test("models: the list, and one of them by its id", async () => {
  const { data } = await openai.models.list();
  expect(data.map(({ id }) => id)).toContain(model);
  expect(await openai.models.retrieve(model)).toMatchObject({ id: model, object: "model" });
});
