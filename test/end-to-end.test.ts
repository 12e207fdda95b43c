/** The whole network, driven as an application drives it: by the official SDK, on both pairs of stores. */
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { parseCredits } from "../src/protocol/credits.ts";
import { type Network, type NetworkOptions, startNetwork } from "./network.ts";
import {
  cutAfter,
  gatedText,
  plainText,
  reasoning,
  toolCall,
} from "./support/fake-engine/script.ts";
import { testRedisUrl } from "./support/services.ts";

const messages = [{ role: "user" as const, content: "Say hello." }];
const model = "test-model";
const sdkFor = ({ sidecar }: Network) =>
  new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "any", maxRetries: 0 });

async function accountsOf(network: Network) {
  const { requester, provider, posted } = network;
  return { requester: await posted(requester), provider: await posted(provider) };
}

/** The one request in the requester's history. Time stands still here, so that newest first says nothing. */
const requestOf = async ({ history, requester }: Network) =>
  (await history(requester)).find(({ kind }) => kind === "request" || kind === "own");

const redisUrl = testRedisUrl();
const stores: [name: string, open: () => Promise<NetworkOptions>][] = [
  ["PGlite and memory", async () => ({ isEmbedded: true })],
  ["PostgreSQL and Redis", async () => ({ redisUrl: await redisUrl })],
];

describe.each(stores)("on %s", (_name, open) => {
  test("a streamed answer arrives whole and is paid to the micro-credit", async () => {
    await using network = await startNetwork({ ...(await open()), script: gatedText("Hel", "lo") });
    await network.sidecar.prepare(model);
    const before = await accountsOf(network);
    const stream = await sdkFor(network).chat.completions.create({
      ...{ model, messages, stream: true },
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage: OpenAI.CompletionUsage | null | undefined;
    network.engine.next();
    for await (const chunk of stream) {
      const words = chunk.choices[0]?.delta.content ?? "";
      text += words;
      usage ??= chunk.usage;
      if (words === "") continue;
      // Time passes between the words, so that there is something to pay.
      await network.clock.advance(1_000);
      network.engine.next();
    }
    expect(text).toBe("Hello");
    expect(usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 2 });

    await network.settle();
    const after = await accountsOf(network);
    const entry = await requestOf(network);
    expect(entry).toMatchObject({ kind: "request", transaction_type: "debit" });
    expect(entry!.metadata).toMatchObject({ state: "settled", verdict: "ok" });
    const cost = -BigInt(entry!.amount.replace(".", ""));
    expect(cost).toBeGreaterThan(0n);
    expect(parseCredits(before.requester) - parseCredits(after.requester)).toBe(cost);
    expect(parseCredits(after.provider) - parseCredits(before.provider)).toBe(cost);
    expect(await network.coordinator.auditLedger()).toEqual([]);
  });

  test("an answer that is not streamed is the same answer in one piece", async () => {
    await using network = await startNetwork({ ...(await open()), script: plainText("Hel", "lo") });
    const answer = await sdkFor(network).chat.completions.create({ model, messages });
    expect(answer.choices[0]).toMatchObject({
      message: { role: "assistant", content: "Hello" },
      finish_reason: "stop",
    });
    expect(answer.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 2 });
    await network.settle();
    expect(await network.coordinator.auditLedger()).toEqual([]);
  });
});

test("a tool call arrives with its id, its name and its whole arguments", async () => {
  await using network = await startNetwork({ script: toolCall("look_up", '{"city":"Graz"}') });
  const answer = await sdkFor(network).chat.completions.create({ model, messages });
  const [choice] = answer.choices;
  expect(choice!.finish_reason).toBe("tool_calls");
  expect(choice!.message.tool_calls).toEqual([
    {
      id: "call_1",
      type: "function",
      function: { name: "look_up", arguments: '{"city":"Graz"}' },
    },
  ]);
});

test("reasoning arrives beside the answer, not in it", async () => {
  await using network = await startNetwork({ script: reasoning("hm", "yes") });
  const answer = await sdkFor(network).chat.completions.create({ model, messages });
  expect(answer.choices[0]!.message).toMatchObject({ content: "yes", reasoning_content: "hm" });
});

test("the first words leave before the engine has more to say", async () => {
  await using network = await startNetwork({ script: gatedText("one", "two") });
  const stream = await sdkFor(network).chat.completions.create({ model, messages, stream: true });
  const words = stream[Symbol.asyncIterator]();
  const nextWord = async () => {
    for (;;) {
      const { value, done } = await words.next();
      if (done || value.choices[0]?.delta.content) return value?.choices[0]?.delta.content;
    }
  };
  network.engine.next();
  expect(await nextWord()).toBe("one");
  network.engine.next();
  expect(await nextWord()).toBe("two");
  network.engine.next();
  expect(await nextWord()).toBeUndefined();
});

test("an answer that breaks off is an error, not a short success, and costs nothing", async () => {
  await using network = await startNetwork({ script: cutAfter("half", " an") });
  const read = async () => {
    const stream = await sdkFor(network).chat.completions.create({ model, messages, stream: true });
    for await (const _chunk of stream);
  };
  await expect(read()).rejects.toThrow();
  await network.settle();
  const entry = await requestOf(network);
  expect(entry!.metadata).toMatchObject({ finish: "worker_error", cost: "0.000000" });
  expect(await network.coordinator.auditLedger()).toEqual([]);
});

test("a client disconnect cancels the engine's work within a second, and what was produced is settled", async () => {
  await using network = await startNetwork({ script: gatedText("one", "two") });
  const stream = await sdkFor(network).chat.completions.create({ model, messages, stream: true });
  network.engine.next();
  for await (const chunk of stream) {
    if (!chunk.choices[0]?.delta.content) continue;
    await network.clock.advance(1_000);
    break;
  }
  const leftAt = network.clock.monotonic();
  await network.engine.aborted.next();
  // No time was needed at all.
  expect(network.clock.monotonic()).toBe(leftAt);
  await network.settle();
  const entry = await requestOf(network);
  expect(entry!.metadata).toMatchObject({ finish: "client_gone", completion_tokens: 1 });
  expect(parseCredits(String(entry!.metadata.cost))).toBeGreaterThan(0n);
  expect(await network.coordinator.auditLedger()).toEqual([]);
});

test("one's own node answers for nothing", async () => {
  await using network = await startNetwork({ isOwnNode: true });
  const answer = await sdkFor(network).chat.completions.create({ model, messages });
  expect(answer.choices[0]!.message.content).toBe("Hello world");
  await network.settle();
  const entry = await requestOf(network);
  expect(entry!.metadata).toMatchObject({ cost: "0.000000", state: "settled" });
  expect(await network.posted(network.requester)).toBe("1000.000000");
  expect(await network.coordinator.auditLedger()).toEqual([]);
});

test("a model that nobody offers is a 404 that names no more than it must", async () => {
  await using network = await startNetwork();
  await expect(
    sdkFor(network).chat.completions.create({ model: "unheard-of", messages }),
  ).rejects.toMatchObject({ status: 404, code: "model_not_found" });
});
