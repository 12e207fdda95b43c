/** Whatever an engine makes of a chat, the application sees one form. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { startTestNetwork } from "../fixtures/sidecar.fixture.ts";
import { finish } from "../fixtures/stub-worker.fixture.ts";

const question = {
  model: "toy:1b",
  messages: [{ role: "user" as const, content: "Who is there?" }],
};

test("an engine without usage is counted by the line", async () => {
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      exchange.text("Hi");
      exchange.line();
      exchange.end();
    },
  ]);
  const { usage, choices } = await network.openai.chat.completions.create(question);
  expect(usage).toEqual({ prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 });
  expect(choices[0]!.finish_reason).toBe("stop");
});

test("a budget that ran out ends an answer as its length does", async () => {
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      exchange.text("Hi");
      exchange.line({ finish: "budget" });
      exchange.end();
    },
  ]);
  const { choices } = await network.openai.chat.completions.create(question);
  expect(choices[0]).toMatchObject({ message: { content: "Hi" }, finish_reason: "length" });
});

test("tool calls are streamed by index and folded into whole calls", async () => {
  const called = (index: number, rest: object) => ({
    choices: [{ index: 0, delta: { tool_calls: [{ index, ...rest }] } }],
  });
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      exchange.event(called(0, { id: "a", function: { name: "look", arguments: "" } }));
      exchange.event(called(0, { function: { arguments: `{"x":` } }));
      exchange.event(called(1, { function: { name: "leave", arguments: "{}" } }));
      exchange.event(called(0, { function: { arguments: "1}" } }));
      finish(exchange, "stop");
    },
  ]);
  const { choices } = await network.openai.chat.completions.create(question);
  expect(choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: {
      content: null,
      tool_calls: [
        { id: "a", type: "function", function: { name: "look", arguments: `{"x":1}` } },
        { id: /^\w{9}$/, type: "function", function: { name: "leave", arguments: "{}" } },
      ].map(({ id, ...call }) => ({ ...call, id: expect.stringMatching(id) as string })),
    },
  });
  const streamed = network.openai.chat.completions.stream(question);
  const message = (await streamed.finalChatCompletion()).choices[0]!.message;
  expect(message.tool_calls?.map((call) => "function" in call && call.function.arguments)).toEqual([
    `{"x":1}`,
    "{}",
  ]);
});

test("thoughts arrive as reasoning_content whichever name the engine has for them", async () => {
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      exchange.event({ choices: [{ delta: { reasoning: "hm" } }] });
      exchange.event({ choices: [{ delta: { reasoning_content: "m" } }] });
      exchange.text("42");
      finish(exchange, "stop");
    },
  ]);
  const { choices } = await network.openai.chat.completions.create(question);
  expect(choices[0]!.message).toMatchObject({ content: "42", reasoning_content: "hmm" });
});

test("log probabilities are passed on and joined", async () => {
  const withLogprob = (content: string) => ({
    choices: [{ delta: { content }, logprobs: { content: [{ token: content, logprob: -1 }] } }],
  });
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      exchange.event(withLogprob("a"));
      exchange.event(withLogprob("b"));
      finish(exchange, "stop");
    },
  ]);
  const { choices } = await network.openai.chat.completions.create({ ...question, logprobs: true });
  expect(choices[0]!.logprobs?.content?.map(({ token }) => token)).toEqual(["a", "b"]);
});

test("a text of several frames, cut within a character, arrives whole", async () => {
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      const bytes = Buffer.from(
        `data: ${JSON.stringify({ choices: [{ delta: { content: "Grüße" } }] })}\n\n`,
      );
      const cut = bytes.indexOf(0xc3) + 1;
      exchange.bytes(bytes.subarray(0, cut));
      exchange.bytes(bytes.subarray(cut));
      finish(exchange, "stop");
    },
  ]);
  const { choices } = await network.openai.chat.completions.create(question);
  expect(choices[0]!.message.content).toBe("Grüße");
});

test("each text of a stream arrives as it was said, whether it is read or recognised", async () => {
  const said = ["one", " two", `"three"`, " four", "\n", " fünf 🐒", "\\", "", " six", "\u2028"];
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      for (const text of said) exchange.text(text);
      finish(exchange, "stop");
    },
  ]);
  const heard: { text: string; rest: object }[] = [];
  for await (const { choices, ...rest } of await network.openai.chat.completions.create({
    ...question,
    stream: true,
  }))
    heard.push({ text: choices[0]?.delta.content ?? "", rest });
  expect(heard.map(({ text }) => text).filter(Boolean)).toEqual(said.filter(Boolean));
  expect(new Set(heard.map(({ rest }) => JSON.stringify(rest))).size).toBe(1);
});

test("what each event says beside its text is passed on each time, be it the same", async () => {
  const thinking = (content: string) => ({
    choices: [{ index: 0, delta: { content, reasoning: "hm" }, logprobs: { content: [] } }],
  });
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      for (const text of ["one", " two", " three"]) exchange.event(thinking(text));
      finish(exchange, "stop");
    },
  ]);
  const { choices } = await network.openai.chat.completions.create(question);
  expect(choices[0]!.message).toMatchObject({
    content: "one two three",
    reasoning_content: "hmhmhm",
  });
});
