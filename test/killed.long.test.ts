/** SIGKILL of a real worker at random moments of a streamed request: what PostgreSQL says of each afterwards. */
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { type SeededRandom, seededRandom } from "./simulation/world/random.ts";
import { gatedText } from "./support/fake-engine/script.ts";
import { delivered, soundBooks } from "./support/separate-books.ts";
import { type SeparateNetwork, startSeparateNetwork } from "./support/separate-network.ts";

const kills = 20;
const words = Array.from({ length: 40 }, (_, index) => `${index} `);
/** A word that does not come within this time will not come by itself: the engine waits at a gate. */
const patienceMs = 200;

/** Asks, and kills the worker after so many words and a moment more; says whether the answer arrived whole. */
async function askAndKill(network: SeparateNetwork, draw: SeededRandom): Promise<boolean> {
  const { engine, clientUrl } = network;
  const wordsBefore = draw.between(0, words.length + 1);
  const momentMs = draw.between(0, 20);
  let heard = 0;
  let isOver = false;

  async function ask(): Promise<boolean> {
    const client = new OpenAI({ baseURL: `${clientUrl}/v1`, apiKey: "any", maxRetries: 0 });
    try {
      const stream = await client.chat.completions.create({
        model: "test-model",
        messages: [{ role: "user", content: "Count." }],
        stream: true,
      });
      for await (const { choices } of stream) {
        if (!choices[0]?.delta.content) continue;
        heard += 1;
        engine.next();
      }
      return heard === words.length;
    } catch {
      return false;
    } finally {
      isOver = true;
    }
  }

  async function nudge(): Promise<void> {
    for (let before = -1; !isOver; before = heard) {
      if (heard === before) engine.next();
      await sleep(patienceMs);
    }
  }

  async function kill(): Promise<void> {
    while (heard < wordsBefore && !isOver) await sleep(1);
    await sleep(momentMs);
    await network.kill("worker");
    await network.start("worker");
  }

  const [isWhole] = await Promise.all([ask(), nudge(), kill()]);
  return isWhole;
}

test(`each request of a worker that was killed ${kills} times has its end, and none is paid twice`, async () => {
  await using network = await startSeparateNetwork(gatedText(...words));
  const draw = seededRandom(5_153);
  let whole = 0;
  for (let count = 0; count < kills; count += 1) if (await askAndKill(network, draw)) whole += 1;
  await delivered(network);
  const requests = await soundBooks(network);

  const names = requests.map(({ hold, k }) => `${hold}.${k}`);
  expect(new Set(names).size).toBe(names.length);
  // Every request that the engine was given is on record; what is there besides died on its way to the engine.
  const started = network.engine.requests.all.length;
  expect(requests.length).toBeGreaterThanOrEqual(started);
  const paid = requests.filter(({ cost }) => cost > 0n);
  expect(paid.length).toBeLessThanOrEqual(started);
  expect(paid.length).toBeGreaterThanOrEqual(whole);
  for (const { finish, cost, state, shortfall, commons } of requests) {
    // Where the line reached the books and not the client, it vests.
    expect(["settled", "vesting"]).toContain(state);
    expect({ shortfall, commons }).toEqual({ shortfall: 0n, commons: 0n });
    expect(finish).toBe(cost > 0n ? "stop" : "worker_error");
  }
  // Among twenty random moments some come before the end, and some after.
  expect(paid.length).toBeGreaterThan(0);
  expect(paid.length).toBeLessThan(requests.length);
});
