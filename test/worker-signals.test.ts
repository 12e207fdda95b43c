/** A worker's process that is told to end while it streams: once, and once more by somebody who cannot wait. */
import OpenAI from "openai";
import { expect, test } from "vitest";
import { gatedText, plainText } from "./support/fake-engine/script.ts";
import { delivered, soundBooks } from "./support/separate-books.ts";
import { type SeparateNetwork, startSeparateNetwork } from "./support/separate-network.ts";

/** Three processes start, end and start again; that takes a slow machine a while. */
const timeout = 120_000;

/** One streamed question; its words as they come. */
async function openStream({ clientUrl }: SeparateNetwork) {
  const client = new OpenAI({ baseURL: `${clientUrl}/v1`, apiKey: "any", maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model: "test-model",
    messages: [{ role: "user", content: "Count." }],
    stream: true,
  });
  const chunks = stream[Symbol.asyncIterator]();
  return async () => {
    for (;;) {
      const { value, done } = await chunks.next();
      if (done) return undefined;
      const text = value.choices[0]?.delta.content;
      if (text) return text;
    }
  };
}

const stateOf = async ({ workerUrl }: SeparateNetwork): Promise<unknown> =>
  ((await (await fetch(`${workerUrl}/status`)).json()) as { status: string }).status;

test(
  "SIGTERM lets a stream end as it would have; a second signal does not wait",
  { timeout },
  async () => {
    await using network = await startSeparateNetwork(gatedText("one ", "two ", "three"));
    const { engine } = network;
    const nextWord = await openStream(network);
    engine.next();
    expect(await nextWord()).toBe("one ");
    const ended = network.kill("worker", "SIGTERM");
    await expect.poll(() => stateOf(network)).toBe("DRAINING");
    engine.next();
    expect(await nextWord()).toBe("two ");
    engine.next();
    expect(await nextWord()).toBe("three");
    engine.next();
    expect(await nextWord()).toBeUndefined();
    expect(await ended).toMatchObject({ code: 0, signal: null });

    await network.start("worker");
    engine.play(gatedText("one ", "two "));
    const word = await openStream(network);
    engine.next();
    expect(await word()).toBe("one ");
    const first = network.kill("worker", "SIGTERM");
    await expect.poll(() => stateOf(network)).toBe("DRAINING");
    // A second within 300 ms is taken for an echo of the first: a terminal and npm both pass it on.
    let isOver = false;
    void first.then(() => (isOver = true));
    const again = () => {
      if (!isOver) void network.kill("worker", "SIGTERM");
      return isOver;
    };
    await expect.poll(again, { interval: 100, timeout: 20_000 }).toBe(true);
    expect((await first).code).not.toBe(0);
    await expect(word()).rejects.toMatchObject({ code: expect.any(String) as string });

    engine.play(plainText("fine"));
    await network.start("worker");
    await delivered(network);
    const requests = await soundBooks(network);
    expect(requests).toMatchObject([
      { finish: "stop", state: "settled", verdict: "ok" },
      { finish: "worker_error", cost: 0n, state: "settled" },
    ]);
    expect(requests[0]!.cost).toBeGreaterThan(0n);
  },
);
