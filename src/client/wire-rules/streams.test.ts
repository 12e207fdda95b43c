/** What clients were seen to depend on in a stream: one test for each rule, under the rule's name. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { post, startTestNetwork, type TestNetwork } from "../fixtures/sidecar.fixture.ts";
import { finish, sayHello, type Script } from "../fixtures/stub-worker.fixture.ts";

const chat = "/v1/chat/completions";
const question = { model: "toy:1b", messages: [{ role: "user", content: "Hello?" }], stream: true };

interface Chunk {
  id: string;
  object: string;
  created: number;
  model: string;
  choices: {
    delta: Record<string, unknown> & { content?: string };
    finish_reason: string | null;
  }[];
  usage?: object;
}

const eventsOf = async (response: Response) => (await response.text()).trimEnd().split("\n\n");
const chunksOf = (events: readonly string[]) =>
  events
    .filter((event) => event.startsWith("data: {"))
    .map((event) => JSON.parse(event.slice("data: ".length)) as Chunk);

/** Each reads the other's bytes as they come. */
async function* readText(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of response.body!) yield decoder.decode(bytes, { stream: true });
}

const ask = (network: TestNetwork, change: object = {}) =>
  post(network, chat, { ...question, ...change });

/** Whatever engines leave out or do twice, the same comes of it. */
const engines: Record<string, Script> = {
  "says everything": sayHello,
  "repeats its role and names no finish reason": (exchange) => {
    exchange.open();
    for (const content of ["Hello", " you"])
      exchange.event({ id: content, choices: [{ delta: { role: "assistant", content } }] });
    exchange.line();
    exchange.end();
  },
  "finishes with its last word": (exchange) => {
    exchange.open();
    exchange.text("Hello");
    exchange.event({
      created: 7,
      choices: [{ index: 0, delta: { content: " you" }, finish_reason: "stop" }],
    });
    exchange.line();
    exchange.end();
  },
  "finishes twice": (exchange) => {
    exchange.open();
    exchange.text("Hello you");
    exchange.event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
    finish(exchange, "stop");
  },
};

test.each(Object.entries(engines))(
  "the first chunk has the role, all have one id, created and model, only the last a finish_reason: engine that %s",
  async (_name, script) => {
    await using network = await startTestNetwork(createFakeClock(), [script]);
    const chunks = chunksOf(await eventsOf(await ask(network)));
    const choices = chunks.map(({ choices: [choice] }) => choice!);
    expect(choices.map(({ delta }) => delta["role"])).toEqual([
      "assistant",
      ...choices.slice(1).map(() => undefined),
    ]);
    expect(choices.map(({ finish_reason }) => finish_reason)).toEqual([
      ...choices.slice(1).map(() => null),
      "stop",
    ]);
    expect(choices.map(({ delta }) => delta.content ?? "").join("")).toBe("Hello you");
    const identities = chunks.map(({ id, object, created, model }) =>
      [id.slice(0, 9), id.length, object, Number.isInteger(created), model].join(),
    );
    expect(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size).toBe(1);
    expect(new Set(identities)).toEqual(
      new Set(["chatcmpl-,41,chat.completion.chunk,true,toy:1b"]),
    );
  },
);

test("a whole stream ends with data: [DONE], once", async () => {
  await using network = await startTestNetwork(createFakeClock());
  const events = await eventsOf(await ask(network));
  expect(events.filter((event) => event.includes("[DONE]"))).toEqual(["data: [DONE]"]);
  expect(events.at(-1)).toBe("data: [DONE]");
});

test.each<[asked: object, count: number]>([
  [{}, 0],
  [{ stream_options: { include_usage: false } }, 0],
  [{ stream_options: null }, 0],
  [{ stream_options: { include_usage: true } }, 1],
])(
  "the usage chunk, with empty choices, goes only to who asked for it: %j",
  async (asked, count) => {
    await using network = await startTestNetwork(createFakeClock());
    const chunks = chunksOf(await eventsOf(await ask(network, asked)));
    const withUsage = chunks.filter(({ usage }) => usage);
    expect(withUsage).toHaveLength(count);
    expect(chunks.filter(({ choices }) => choices.length === 0)).toEqual(withUsage);
    for (const { usage } of withUsage)
      expect(usage).toEqual({ prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 });
    // The worker asks its engine in any case.
    expect(network.worker.requests[0]!.body["stream_options"]).toBeUndefined();
  },
);

test("a node lost mid-stream is data: {error}, then the connection closes, and [DONE] never comes", async () => {
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      exchange.text("half");
      exchange.die();
    },
  ]);
  const response = await ask(network);
  expect(response.status).toBe(200);
  const events = await eventsOf(response);
  expect(chunksOf(events)[0]!.choices[0]!.delta.content).toBe("half");
  expect(JSON.parse(events.at(-1)!.slice("data: ".length))).toMatchObject({
    error: { code: "stream_truncated", type: "server_error", param: null },
    request_id: response.headers.get("x-request-id"),
  });
  expect(events.join()).not.toMatch(/\[DONE\]|"finish_reason":"/);
});

test("while a model loads, : keep-alive comments come every 10 s", async () => {
  const clock = createFakeClock();
  const loaded = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using network = await startTestNetwork(clock, [
    async (exchange) => {
      asked.resolve();
      await loaded.promise;
      exchange.open();
      exchange.text("Hi");
      finish(exchange, "stop");
    },
  ]);
  const pending = ask(network);
  await asked.promise;
  await clock.advance(9_999);
  await clock.advance(1);
  await clock.advance(20_000);
  loaded.resolve();
  const events = await eventsOf(await pending);
  expect(events.slice(0, 4)).toEqual([
    ": keep-alive",
    ": keep-alive",
    ": keep-alive",
    expect.stringContaining(`"content":"Hi"`),
  ]);
});

test("the first delta leaves before the engine's second arrives: nothing is buffered", async () => {
  const second = Promise.withResolvers<void>();
  await using network = await startTestNetwork(createFakeClock(), [
    async (exchange) => {
      exchange.open();
      exchange.text("first");
      await second.promise;
      exchange.text("second");
      finish(exchange, "stop");
    },
  ]);
  const read = readText(await ask(network));
  let seen = "";
  while (!seen.includes(`"content":"first"`)) seen += String((await read.next()).value);
  expect(seen).not.toContain("second");
  second.resolve();
  for await (const text of read) seen += text;
  expect(seen).toMatch(/"first"[^]*"second"[^]*\[DONE\]/);
});

test("tool deltas: index always, id and function.name in the first, arguments as string fragments", async () => {
  const called = (call: object) => ({ choices: [{ index: 0, delta: { tool_calls: [call] } }] });
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => {
      exchange.open();
      // As engines send it: the name again, no index, all at once.
      exchange.event(called({ index: 0, id: "a", function: { name: "look", arguments: "" } }));
      exchange.event(called({ index: 0, id: "a", function: { name: "look", arguments: `{"x":` } }));
      exchange.event(called({ index: 0, function: { arguments: "1}" } }));
      exchange.event(called({ function: { name: "leave", arguments: "{}" } }));
      finish(exchange, "tool_calls");
    },
  ]);
  const chunks = chunksOf(await eventsOf(await ask(network)));
  const deltas = chunks.flatMap(({ choices }) => choices[0]!.delta["tool_calls"] ?? []);
  expect(deltas).toEqual([
    { index: 0, id: "a", type: "function", function: { name: "look", arguments: "" } },
    { index: 0, function: { arguments: `{"x":` } },
    { index: 0, function: { arguments: "1}" } },
    {
      index: 1,
      id: expect.stringMatching(/^\w{9}$/),
      type: "function",
      function: { name: "leave", arguments: "{}" },
    },
  ]);
  expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe("tool_calls");
});

test.each(["reasoning_content", "reasoning"])(
  "thoughts leave as reasoning_content, also where the engine says %s",
  async (name) => {
    await using network = await startTestNetwork(createFakeClock(), [
      (exchange) => {
        exchange.open();
        exchange.event({ choices: [{ index: 0, delta: { [name]: "hm" } }] });
        exchange.text("42");
        finish(exchange, "stop");
      },
    ]);
    const chunks = chunksOf(await eventsOf(await ask(network)));
    expect(chunks.map(({ choices }) => choices[0]!.delta)).toEqual([
      { role: "assistant", content: "", reasoning_content: "hm" },
      { content: "42" },
      {},
    ]);
  },
);
