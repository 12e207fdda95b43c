/** What sizes on the wire tell: of a single token, nothing. */
import { expect, test } from "vitest";
import { repeatableRandom, openTestSession, frameOf } from "./sealed-stream.fixture.ts";
import { guessedRight } from "./size-guesser.fixture.ts";
import { formatEvent } from "./sse.ts";

const session = openTestSession();
const random = repeatableRandom("tokens");
const draw = (below: number) => Buffer.from(random.bytes(4)).readUInt32BE() % below;

const token = (length: number) => 'é\n"x'[draw(4)]!.repeat(length);
/** As engines write it; what it holds besides the token is the same throughout an answer. */
const eventOf = (model: string, content: string) =>
  formatEvent(
    JSON.stringify({
      id: "chatcmpl-0123456789abcdef0123456789abcdef",
      object: "chat.completion.chunk",
      created: 1_800_000_000,
      model,
      system_fingerprint: "fp_0123456789",
      choices: [
        { index: 0, delta: { content }, logprobs: null, finish_reason: null, token_ids: null },
      ],
      usage: null,
    }),
  );

/** Lengths of tokens, and what each took on the wire. */
function answer() {
  const model = "m".repeat(1 + draw(64));
  const sealer = session.exchange().worker.answer;
  sealer.seal(frameOf("head", '{"status":200}'));
  return Array.from({ length: 12 }, () => {
    const length = 1 + draw(15);
    return { length, size: sealer.seal(frameOf("body", eventOf(model, token(length)))).length };
  });
}

const answers = Array.from({ length: 1_000 }, answer).flat();

test("over 1,000 answers, every token takes the same on the wire", () => {
  expect(new Set(answers.map(({ size }) => size)).size).toBe(1);
  expect(guessedRight(answers)).toBeLessThan(0.1);
});

test("the guesser guesses, where sizes do tell", () => {
  const unpadded = answers.map(({ length }) => ({ length, size: 300 + length }));
  expect(guessedRight(unpadded)).toBe(1);
  // And where a frame is padded only to the next 256, as events of this length straddle it.
  const coarse = answers.map(({ length }) => ({ length, size: 245 + length > 256 ? 512 : 256 }));
  expect(guessedRight(coarse)).toBeGreaterThan(0.1);
});
