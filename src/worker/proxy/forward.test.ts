/** What becomes of an admitted request: streamed, metered, and accounted for however it ends. */
import { expect, test } from "vitest";
import {
  chatBody,
  eventsOf,
  framesOf,
  readReply,
  type Reply,
} from "../../../test/support/fake-engine/infer-client.ts";
import {
  closingAfter,
  cutAfter,
  cutAfterFinish,
  endingWith,
  errorEvent,
  errorStatus,
  gatedText,
  hangUp,
  malformed,
  plainText,
  raw,
  reasoning,
  type Script,
  toolCall,
  waiting,
  withoutFinish,
  withoutUsage,
} from "../../../test/support/fake-engine/script.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import type { Line } from "../../protocol/receipt.ts";

const finishReasons = (reply: Reply) =>
  eventsOf(reply.text).flatMap(({ choices }) =>
    ((choices ?? []) as { finish_reason: string | null }[]).flatMap(
      ({ finish_reason }) => finish_reason ?? [],
    ),
  );

/** The next line that reaches the coordinator. */
async function settledLine({ coordinator, worker }: TestWorker): Promise<Line> {
  worker.flush();
  return (await coordinator.lines.next()).line;
}

test("the first delta leaves before the engine's second arrives", async () => {
  await using network = await startTestWorker({ script: gatedText("one", "two") });
  const { response } = network.start({ ticket: await network.ticket() });
  network.engine.next();
  const frames = framesOf(await response);
  let text = "";
  while (!text.includes("one")) text += Buffer.from((await frames.next()).value!.bytes).toString();
  expect(text).not.toContain("two");
  network.engine.next();
  network.engine.next();
  let last;
  for await (const frame of frames) last = frame;
  expect(last?.type).toBe("line");
});

test("events that arrive together leave together", async () => {
  const event = (content: string) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: "stop" }] })}\n\n`;
  await using network = await startTestWorker({
    script: raw(`${event("a")}${event("b")}${event("c")}data: [DONE]\n\n`),
  });
  const reply = await network.ask({ ticket: await network.ticket() });
  expect(eventsOf(reply.text)).toHaveLength(3);
  expect(reply.pieces).toBe(1);
});

test("only known fields reach the engine, always streamed, with its own key and not the ticket", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  const body = chatBody({ temperature: 0.5, stream: false, user: "me", seed: null });
  await network.ask({ ticket, body });
  const { path, headers, body: sent } = await network.engine.requests.next();
  expect(path).toBe("/v1/chat/completions");
  expect(sent).toEqual({
    ...{ messages: chatBody().messages, model: "test-model", temperature: 0.5 },
    ...{ stream: true, stream_options: { include_usage: true } },
  });
  expect(headers["x-engine-key"]).toBe("engine-secret");
  expect(headers.authorization).toBeUndefined();
});

test.each<[string, Script, Partial<Line>]>([
  ["plain text", plainText("Hello", " world"), { finish: "stop", completion_tokens: 2 }],
  ["reasoning", reasoning("hm", "yes"), { finish: "stop", completion_tokens: 2 }],
  ["a tool call", toolCall("f", `{"a":1}`), { finish: "tool_calls", completion_tokens: 3 }],
  ["a cut by length", endingWith("length", "a"), { finish: "length", completion_tokens: 1 }],
  [
    "text without usage",
    withoutUsage("four", "five!"),
    // 10 bytes of prompt and 9 of answer, four to a token.
    { finish: "stop", estimated: true, prompt_tokens: 3, completion_tokens: 3 },
  ],
])("%s is passed on as it is and counted", async (_name, script, line) => {
  await using network = await startTestWorker({ script });
  const reply = await network.ask({ ticket: await network.ticket() });
  expect(reply).toMatchObject({ status: 200, headers: { "content-type": "text/event-stream" } });
  expect(reply.line).toMatchObject({ estimated: false, ...line });
  expect(finishReasons(reply)).toEqual([line.finish]);
  expect(reply.text).not.toContain("[DONE]");
  expect(await settledLine(network)).toEqual(reply.line);
});

test("an end that the engine forgot to name is named", async () => {
  await using network = await startTestWorker({ script: withoutFinish("a") });
  const reply = await network.ask({ ticket: await network.ticket() });
  expect(finishReasons(reply)).toEqual(["stop"]);
  expect(eventsOf(reply.text).at(-1)).toMatchObject({ id: "chatcmpl-1", model: "test-model" });
  expect(reply.line).toMatchObject({ finish: "stop" });
});

test("an answer whose end was named is whole, though the connection breaks before [DONE]", async () => {
  await using network = await startTestWorker({ script: cutAfterFinish("a") });
  const reply = await network.ask({ ticket: await network.ticket() });
  expect(reply).toMatchObject({ code: undefined, line: { finish: "stop", estimated: true } });
});

test("embeddings are one document, with prompt tokens only", async () => {
  await using network = await startTestWorker();
  const reply = await network.ask({
    ticket: await network.ticket(),
    path: "/v1/embeddings",
    body: { model: "test-model", input: ["a", "b"] },
  });
  expect(reply.headers["content-type"]).toBe("application/json");
  expect((JSON.parse(reply.text) as { data: unknown[] }).data).toHaveLength(2);
  expect(reply.line).toMatchObject({
    ...{ finish: "stop", prompt_tokens: 7, completion_tokens: 0, estimated: false },
  });
  expect((await network.engine.requests.next()).body).not.toHaveProperty("stream");
});

test("time is billed from the engine's first byte to its last, tokens cap it", async () => {
  await using network = await startTestWorker({ script: gatedText("a", "b") });
  const { engine, clock } = network;
  const { response } = network.start({ ticket: await network.ticket() });
  await engine.requests.next();
  await clock.advance(3_000);
  engine.next();
  const message = await response;
  await clock.advance(2_000);
  engine.next();
  engine.next();
  expect((await readReply(message)).line).toMatchObject({
    ...{ billed_ms: 5_000, first_token_ms: 3_000, prompt_tokens: 7, completion_tokens: 2 },
    // Five seconds would cost 5; 7 × 0.0001 + 2 × 0.001 is less.
    cost: "0.002700",
  });
});

test.each<[string, Script]>([
  ["breaks the connection", cutAfter("a", "b")],
  ["closes without an end", closingAfter("a", "b")],
  ["says what is not JSON", malformed("a", "b")],
  ["reports an error", errorEvent("a", "b")],
])("an engine that %s mid-stream: an error event, a line that costs nothing", async (_, script) => {
  await using network = await startTestWorker({ script: waiting(script) });
  const asked = network.ask({ ticket: await network.ticket() });
  await network.engine.requests.next();
  await network.clock.advance(60_000);
  network.engine.next();
  const reply = await asked;
  expect(reply).toMatchObject({ status: 200, code: "engine_error" });
  expect(eventsOf(reply.text).at(-1)).toHaveProperty("error");
  // The engine's own words stay with its owner.
  expect(reply.text).not.toContain("0xdeadbeef");
  expect(reply.line).toMatchObject({
    ...{ finish: "worker_error", cost: "0.000000", billed_ms: 60_000 },
  });
  expect(await settledLine(network)).toEqual(reply.line);
});

test.each<[string, Script, { code: string; status: number }]>([
  ["fails", errorStatus(500, "at 0xdeadbeef"), { code: "engine_error", status: 502 }],
  ["hangs up", hangUp, { code: "engine_error", status: 502 }],
  ["reports an error at once", errorEvent(), { code: "engine_error", status: 502 }],
  [
    "finds the prompt too long",
    errorStatus(400, "This model's maximum context length is 8 tokens"),
    { code: "context_length_exceeded", status: 400 },
  ],
  [
    "cannot do it",
    errorStatus(400, "tools are not supported"),
    { code: "unsupported_parameter", status: 400 },
  ],
])(
  "an engine that %s before its first byte: a refusal, a line in the books",
  async (_, script, refusal) => {
    await using network = await startTestWorker({ script });
    const ticket = await network.ticket();
    const reply = await network.ask({ ticket });
    expect(reply).toMatchObject({ ...refusal, outerStatus: 200, line: undefined });
    expect(reply.text).not.toContain("0xdeadbeef");
    expect(await settledLine(network)).toMatchObject({ finish: "worker_error", cost: "0.000000" });
    expect(await network.ask({ ticket })).toMatchObject({ code: "request_replayed" });
  },
);
