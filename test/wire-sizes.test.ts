/** What somebody who sees every frame of a thousand answers learns of the lengths of their tokens: nothing. */
import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { guessedRight, type SeenToken } from "../src/protocol/size-guesser.fixture.ts";
import { framesOf } from "./support/fake-engine/infer-client.ts";
import { gatedText } from "./support/fake-engine/script.ts";
import { startTestWorker } from "./support/fake-engine/test-worker.ts";

const answers = 1_000;
/** A ticket has numbers for 256. */
const perTicket = 250;
const lengthMost = 15;

const tokenOf = (length: number) => 'é\n"x'[randomInt(4)]!.repeat(length);

test("over 1,000 answers of a real worker every token takes the same on the wire", async () => {
  await using network = await startTestWorker();
  const seen: SeenToken[] = [];
  let ticket = await network.ticket();
  for (let index = 0; index < answers; index += 1) {
    if (index > 0 && index % perTicket === 0) ticket = await network.ticket();
    const length = 1 + randomInt(lengthMost);
    network.engine.play(gatedText(tokenOf(length)));
    const { response } = network.start({ ticket, k: 1 + (index % perTicket) });
    // Each token leaves alone, as from an engine that takes its time.
    const sizes: number[] = [];
    for await (const { type, bytes, wireBytes } of framesOf(await response)) {
      if (type !== "body") continue;
      const text = Buffer.from(bytes).toString();
      if (/"content":"[^"]/.test(text)) sizes.push(wireBytes);
      if (!text.includes('"finish_reason":"stop"')) network.engine.next();
    }
    expect(sizes).toHaveLength(1);
    seen.push({ length, size: sizes[0]! });
  }
  expect(new Set(seen.map(({ size }) => size)).size).toBe(1);
  // One in fifteen is chance; this is five times its spread above it.
  expect(guessedRight(seen)).toBeLessThan(0.12);
  // The guesser guesses, where sizes do tell.
  expect(guessedRight(seen.map(({ length }) => ({ length, size: 300 + length })))).toBe(1);
});
