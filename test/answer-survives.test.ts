/** An answer that two nodes have a part in, through the whole network: one answer, two lines in the books. */
import { homedir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { systemRandom } from "../src/base/random.ts";
import { parseCredits } from "../src/protocol/credits.ts";
import type { Engine } from "../src/worker/engines/engine.ts";
import { startLlamaCpp } from "../src/worker/engines/llama-cpp/llama-cpp.ts";
import { cutAfter, gatedText, type Step } from "./support/fake-engine/script.ts";
import { type FakeEngine, startFakeEngine, testModel } from "./support/fake-engine/fake-engine.ts";
import { makeSigner, type Network, startNetwork } from "./network.ts";

const messages = [{ role: "user" as const, content: "What is a ticket?" }];
const sdkFor = ({ sidecar }: Network) =>
  new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "any", maxRetries: 0 });

const startAble = (name: string): Promise<FakeEngine> =>
  startFakeEngine({
    models: [{ ...testModel(name), capabilities: ["chat", "completion", "prefill"] }],
  });
const ableDriver = ({ engine }: FakeEngine): Engine => ({
  ...engine,
  prefillFields: { continue_final_message: true },
});

test.each([true, false])(
  "an engine that breaks off is gone on with at another node (streamed: %s), and each part is a line of its own",
  async (stream) => {
    const model = "test-model";
    await using first = await startAble(model);
    await using second = await startAble(model);
    // Whichever is asked first breaks off.
    for (const engine of [first, second])
      engine.play((body) =>
        body["continue_final_message"] ? gatedText(" world", "!") : cutAfter("Hel", "lo "),
      );
    await using network = await startNetwork({ engines: [ableDriver(first)] });
    const lender = await network.addWorker(await makeSigner(), { engines: [ableDriver(second)] });
    await network.sidecar.prepare(model);
    const before = parseCredits(await network.posted(network.requester));

    const asking = sdkFor(network).chat.completions.create({ model, messages, stream });
    const answer = asking.then(contentOf);
    const goesOn = (engine: FakeEngine) =>
      engine.requests.next().then(({ body }) => (body["continue_final_message"] ? [engine] : []));
    const [going] = (await Promise.all([goesOn(first), goesOn(second)])).flat();
    for (let gates = 0; gates < 3; gates += 1) {
      // Time passes, so that there is something to pay.
      await network.clock.advance(1_000);
      going!.next();
    }
    expect(await answer).toBe("Hello world!");
    expect(going!.requests.all.at(-1)!.body["messages"]).toEqual([
      ...messages,
      { role: "assistant", content: "Hello" },
    ]);

    await network.settle(lender);
    const entries = (await network.history(network.requester)).filter(
      ({ kind }) => kind === "request",
    );
    expect(entries).toHaveLength(2);
    const [later] = entries.filter(({ metadata }) => metadata.continues);
    const [begun] = entries.filter((entry) => entry !== later);
    expect(later!.metadata).toMatchObject({ part: 2, state: "settled" });
    expect(later!.metadata.continues).toBe(`${begun!.metadata.hold}.${begun!.metadata.k}`);
    expect(parseCredits(begun!.amount.replace("-", ""))).toBe(0n);
    const paid = before - parseCredits(await network.posted(network.requester));
    expect(paid).toBeGreaterThan(0n);
    expect(parseCredits(later!.amount.replace("-", ""))).toBe(paid);
  },
);

/** Where one object comes, all of it at once. */
async function contentOf(
  answer: AsyncIterable<OpenAI.ChatCompletionChunk> | OpenAI.ChatCompletion,
): Promise<string> {
  if ("choices" in answer) return answer.choices[0]!.message.content!;
  let text = "";
  for await (const { choices } of answer) text += choices[0]?.delta.content ?? "";
  return text;
}

test("the built-in engine goes on, at temperature 0, as if it had begun", async () => {
  const cacheHome = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  await using llama = await startLlamaCpp({
    modelFile: join(import.meta.dirname, "../models/troop-toy.gguf"),
    cacheFolder: join(cacheHome, "monkey-troop"),
    ...{ clock: systemClock, random: systemRandom, env: process.env, gpu: "cpu" },
    signal: new AbortController().signal,
  });
  const model = "troop-toy";
  const question = { model, messages, temperature: 0 };
  await using whole = await startNetwork({ engines: [llama] });
  const { choices } = await sdkFor(whole).chat.completions.create(question);
  const expected = choices[0]!.message.content!;
  expect(expected.length).toBeGreaterThan(20);

  await using dying = await startAble(model);
  const half = expected.slice(0, expected.indexOf(" ", expected.length / 2) + 1);
  const delta = { content: half };
  const steps: Step[] = [{ type: "delta", delta }, { type: "gate" }, { type: "cut" }];
  dying.play({ type: "stream", steps });
  await using network = await startNetwork({ engines: [ableDriver(dying)] });
  const stream = await sdkFor(network).chat.completions.create({ ...question, stream: true });
  const answer = contentOf(stream);
  await network.addWorker(await makeSigner(), { engines: [llama] });
  // The list of nodes is of before.
  await network.clock.advance(6_000);
  dying.next();
  expect(await answer).toBe(expected);
  expect(dying.requests.all).toHaveLength(1);
}, 180_000);
