/** Each role killed in the middle of a stream, as real processes: what the application sees, and what the books say. */
import OpenAI from "openai";
import { expect, test } from "vitest";
import { gatedText, plainText } from "./support/fake-engine/script.ts";
import { delivered, nothingWaits, soundBooks } from "./support/separate-books.ts";
import { type SeparateNetwork, startSeparateNetwork } from "./support/separate-network.ts";

/** Three processes start, die and start again; that takes a slow machine a while. */
const timeout = 120_000;
const words = ["one ", "two ", "three ", "four"];

/** Opens a stream and returns once its first word is here and the engine waits before the second. */
async function openStream({ clientUrl, engine }: SeparateNetwork) {
  const client = new OpenAI({ baseURL: `${clientUrl}/v1`, apiKey: "any", maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model: "test-model",
    messages: [{ role: "user", content: "Count." }],
    stream: true,
  });
  const chunks = stream[Symbol.asyncIterator]();
  const nextWord = async (): Promise<string | undefined> => {
    for (;;) {
      const { value, done } = await chunks.next();
      if (done) return undefined;
      const text = value.choices[0]?.delta.content;
      if (text) return text;
    }
  };
  engine.next();
  expect(await nextWord()).toBe(words[0]);
  return { nextWord };
}

/** One question from end to end. */
async function ask({ clientUrl, engine }: SeparateNetwork): Promise<string> {
  engine.play(plainText("fine"));
  const client = new OpenAI({ baseURL: `${clientUrl}/v1`, apiKey: "any", maxRetries: 0 });
  const answer = await client.chat.completions.create({
    model: "test-model",
    messages: [{ role: "user", content: "Well?" }],
  });
  return answer.choices[0]?.message.content ?? "";
}

const settled = { state: "settled", verdict: "ok", shortfall: 0n, commons: 0n };

test(
  "worker killed: the stream fails plainly, and nothing is paid for it",
  { timeout },
  async () => {
    await using network = await startSeparateNetwork(gatedText(...words));
    const { nextWord } = await openStream(network);
    await network.kill("worker");
    await expect(nextWord()).rejects.toMatchObject({ code: "stream_truncated" });
    expect(network.engine.requests.all).toHaveLength(1);

    await network.start("worker");
    expect(await ask(network)).toBe("fine");
    await delivered(network);
    const requests = await soundBooks(network);
    expect(requests).toHaveLength(2);
    expect(requests[0]).toMatchObject({ finish: "worker_error", cost: 0n, state: "settled" });
    expect(requests[1]).toMatchObject({ finish: "stop", ...settled });
    expect(requests[1]!.cost).toBeGreaterThan(0n);
  },
);

test(
  "coordinator killed: the stream goes on, and both sides' words reach the books later, once",
  { timeout },
  async () => {
    await using network = await startSeparateNetwork(gatedText(...words));
    expect(await ask(network)).toBe("fine");
    await delivered(network);
    const before = await soundBooks(network);
    expect(before).toMatchObject([{ finish: "stop", ...settled }]);

    network.engine.play(gatedText(...words));
    const { nextWord } = await openStream(network);
    await network.kill("coordinator");
    for (const word of words.slice(1)) {
      network.engine.next();
      expect(await nextWord()).toBe(word);
    }
    network.engine.next();
    expect(await nextWord()).toBeUndefined();
    // The ticket is still good: another question needs no coordinator either.
    expect(await ask(network)).toBe("fine");
    expect(await soundBooks(network)).toEqual(before);
    // Both have tried, and kept what they could not deliver.
    await network.said("worker", /statements wait/);
    await network.said("client", /statements wait/);

    await network.start("coordinator");
    await delivered(network);
    const requests = await soundBooks(network);
    expect(requests[0]).toEqual(before[0]);
    expect(requests.slice(1)).toMatchObject([
      { finish: "stop", ...settled },
      { finish: "stop", ...settled },
    ]);
  },
);

test(
  "client killed: the engine is stopped, and what was produced is paid for, once it has vested",
  { timeout },
  async () => {
    await using network = await startSeparateNetwork(gatedText(...words));
    const { nextWord } = await openStream(network);
    const [broken] = await Promise.allSettled([nextWord(), network.kill("client")]);
    expect(broken.status).toBe("rejected");
    await network.engine.aborted.next();
    await nothingWaits(network.workerUrl, "receipts_waiting");
    const [cut] = await soundBooks(network);
    const unpaid = { state: "vesting", verdict: null, shortfall: 0n, commons: 0n };
    expect(cut).toMatchObject({ finish: "client_gone", ...unpaid });
    expect(cut!.completion_tokens).toBeGreaterThan(0);
    expect(cut!.cost).toBeGreaterThan(0n);

    await network.start("client");
    expect(await ask(network)).toBe("fine");
    await delivered(network);
    // By now the client may have acknowledged it; it costs what it cost, once.
    const { finish, cost } = cut!;
    const requests = await soundBooks(network);
    expect(requests).toMatchObject([
      { finish, cost, shortfall: 0n, commons: 0n },
      { finish: "stop", ...settled },
    ]);
  },
);

test(
  "all killed right after an answer: nothing is lost, nothing is paid twice",
  { timeout },
  async () => {
    await using network = await startSeparateNetwork(plainText("fine"));
    for (let round = 0; round < 2; round += 1) {
      expect(await ask(network)).toBe("fine");
      // Both outboxes wait a second or two before they deliver: this is before that, or in the middle of it.
      await Promise.all([
        network.kill("coordinator"),
        network.kill("worker"),
        network.kill("client"),
      ]);
      await network.start("coordinator");
      await network.start("worker");
      await network.start("client");
    }
    await delivered(network);
    const requests = await soundBooks(network);
    expect(requests).toMatchObject([
      { finish: "stop", ...settled },
      { finish: "stop", ...settled },
    ]);
  },
);
