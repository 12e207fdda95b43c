/** A text that is gone on with, with a tokenizer that puts a space before whatever comes first, as many do. */
import { expect, test } from "vitest";
import { generate } from "./generate.ts";
import { chatJob } from "./jobs.ts";
import { parseChat } from "./requests.ts";
import { scriptedEngine, scriptedModel, tokensOf } from "./scripted-model.ts";

function spacedEngine(answer: string) {
  const { engine } = scriptedEngine({ answer });
  const plain = scriptedModel();
  engine.info.capabilities.push("prefill");
  engine.model = {
    ...plain,
    tokenize: (text, _special, options) =>
      tokensOf(options === "trimLeadingSpace" ? text : ` ${text}`),
    detokenize(tokens, special, before = []) {
      const text = plain.detokenize(tokens, special);
      return before.length === 0 ? text.replace(/^ /, "") : text;
    },
  };
  return engine;
}

const question = { role: "user", content: "Hi" };
const begun = parseChat({
  messages: [question, { role: "assistant", content: "Hello" }],
  continue_final_message: true,
});

test("what was said stands behind the template's opening, byte for byte, and what follows keeps its space", async () => {
  const engine = spacedEngine(" world");
  const job = chatJob(engine, begun);
  const opening = chatJob(engine, parseChat({ messages: [question] })).prompt;
  expect(job.prompt).toEqual([...opening, ...tokensOf("Hello")]);
  const sequence = engine.slots.take(job.prompt)!;
  const place = { sequence, contextSize: 4_096, step: 64 };
  let text = "";
  for await (const piece of generate(engine.model, place, job, new AbortController().signal))
    text += piece.text;
  expect(text).toBe(" world");
});

test("a model that may think does not go on with a text", () => {
  const engine = spacedEngine("");
  engine.info.capabilities = ["chat", "reasoning"];
  expect(() => chatJob(engine, begun)).toThrow(/cannot continue/);
});

test("what the user said is not gone on with", () => {
  const request = parseChat({ messages: [question], continue_final_message: true });
  expect(() => chatJob(spacedEngine(""), request)).toThrow(/only a text of the assistant/);
});
