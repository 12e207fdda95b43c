/** The owner comes back in the middle of an answer: another node goes on with it, and each is paid its part. */
import OpenAI from "openai";
import { expect, test } from "vitest";
import { parseCredits } from "../src/protocol/credits.ts";
import type { Capability } from "../src/protocol/node.ts";
import { sampleMs } from "../src/worker/idle/owner.ts";
import { sensesHere } from "../src/worker/idle/senses.ts";
import { createFakeNvidiaSmi } from "./support/fake-nvidia-smi.ts";
import { gatedText, plainText } from "./support/fake-engine/script.ts";
import { startFakeEngine, testModel } from "./support/fake-engine/fake-engine.ts";
import { type Lender, makeSigner, type Network, startNetwork } from "./network.ts";

const model = "test-model";
/** A program is started for each look, which takes a busy machine a while. */
const patience = { timeout: 20_000 };
const timeout = 60_000;
const both = { load: 98, processes: { ollama: 60, blender: 38 } };

const startAble = (...more: Capability[]) =>
  startFakeEngine({
    ...{ type: "ollama", models: [{ ...testModel(model), capabilities: ["chat", ...more] }] },
  });

async function look({ clock }: Network, { worker }: Lender): Promise<void> {
  await clock.advance(sampleMs);
  await expect.poll(() => worker.status().presence.sampled_at, patience).toBe(clock.now());
}

/** What of the stream arrived, how it ended, and what the books say of it. */
async function handOver(...able: Capability[]) {
  await using smi = await createFakeNvidiaSmi({ load: 3 });
  await using first = await startAble(...able);
  await using second = await startAble(...able);
  first.play(gatedText("Hel", "lo "));
  second.play(plainText(" world"));
  await using network = await startNetwork({ engines: [second.engine] });
  // As long as the first is the only one.
  network.worker.pause();
  const lender = await network.addWorker(await makeSigner(), {
    engines: [first.engine],
    senses: sensesHere(smi.environment, network.clock),
  });
  await look(network, lender);
  await network.sidecar.prepare(model);
  const openai = new OpenAI({ baseURL: `${network.sidecar.url}/v1`, apiKey: "any", maxRetries: 0 });
  const stream = await openai.chat.completions.create({
    ...{ model, stream: true, messages: [{ role: "user", content: "Say hello." }] },
  });
  const words: string[] = [];
  const reasons: string[] = [];
  const ended = (async () => {
    for await (const { choices } of stream) {
      words.push(choices[0]?.delta.content ?? "");
      reasons.push(...(choices[0]?.finish_reason ? [choices[0].finish_reason] : []));
    }
  })().catch((error: unknown) => error);
  await first.requests.next();
  for (const text of ["Hel", "Hello "]) {
    first.next();
    await expect.poll(() => words.join("")).toBe(text);
    await network.clock.advance(1_000);
  }
  network.worker.resume();
  await smi.show(both);
  for (let looks = 0; looks < 2; looks += 1) await look(network, lender);
  let isOver = false;
  void ended.then(() => (isOver = true));
  // Whoever goes on may not be listed again yet: then it is waited for.
  const passTime = async () => {
    if (!isOver) await network.clock.advance(1_000);
    return isOver;
  };
  await expect.poll(passTime, patience).toBe(true);
  const error = await ended;

  await network.settle(lender);
  const entries = await network.history(network.requester);
  const begun = entries.find(({ metadata }) => metadata.finish === "yielded");
  const later = entries.find(({ metadata }) => metadata.continues);
  expect(begun?.metadata).toMatchObject({ state: "settled", verdict: "ok" });
  expect(parseCredits(begun!.amount.replace("-", ""))).toBeGreaterThan(0n);
  return { text: words.join(""), reasons, error, later, asked: second.requests.all.length };
}

test("a node that hands over is paid its part, and who goes on the rest", { timeout }, async () => {
  const { text, error, reasons, later } = await handOver("prefill");
  expect({ text, error, reasons }).toEqual({
    ...{ text: "Hello world", error: undefined, reasons: ["stop"] },
  });
  expect(later?.metadata).toMatchObject({ state: "settled", finish: "stop", part: 2 });
});

test(
  "where nobody can go on the part is paid all the same, and the stream ends in an error",
  { timeout },
  async () => {
    const { text, error, reasons, later, asked } = await handOver();
    expect({ text, reasons, later, asked }).toEqual({
      ...{ text: "Hello ", reasons: [], later: undefined, asked: 0 },
    });
    expect(error).toMatchObject({ code: "stream_truncated" });
  },
);
