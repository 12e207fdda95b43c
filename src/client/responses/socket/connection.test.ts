/** OpenAI's WebSocket mode, message by message. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../../test/support/fake-clock.ts";
import { startTestNetwork } from "../../fixtures/sidecar.fixture.ts";
import { finish, type Script, type StubExchange } from "../../fixtures/stub-worker.fixture.ts";
import { openSocket, type ServerEvent } from "../../fixtures/web-socket.fixture.ts";

const asked = { model: "toy:1b", input: "Hello?" };
const start = (script?: Script) => startTestNetwork(createFakeClock(), [script]);
const idOf = (event: ServerEvent | undefined) => (event!["response"] as { id: string }).id;
const errorOf = (event: ServerEvent) => event["error"] as { code: string; param: string };

test("an answer is the events of a stream, a message each, and the connection stays", async () => {
  await using network = await start();
  using socket = await openSocket(network);
  for (const round of [1, 2]) {
    socket.create(asked);
    const events = await socket.until("response.completed");
    expect(events.map(({ type }) => type)).toEqual([
      ...["response.created", "response.in_progress", "response.output_item.added"],
      ...[
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
      ],
      ...["response.output_text.done", "response.content_part.done", "response.output_item.done"],
      "response.completed",
    ]);
    expect(events.map((event) => event["sequence_number"])).toEqual([...events.keys()]);
    expect(network.worker.requests).toHaveLength(round);
  }
});

test("the first delta is here before the node has said the second", async () => {
  const reached = Promise.withResolvers<StubExchange>();
  await using network = await start((exchange) => {
    exchange.open();
    exchange.text("one");
    reached.resolve(exchange);
  });
  using socket = await openSocket(network);
  socket.create(asked);
  const [first] = (await socket.until("response.output_text.delta")).slice(-1);
  expect(first!["delta"]).toBe("one");
  const exchange = await reached.promise;
  exchange.text("two");
  finish(exchange, "stop");
  await socket.until("response.completed");
});

test("what is not kept can be gone on from on its connection, and nowhere else", async () => {
  await using network = await start();
  using socket = await openSocket(network);
  socket.create({ ...asked, store: false });
  const first = idOf((await socket.until("response.completed")).at(-1));
  const next = { ...asked, input: "And?", store: false, previous_response_id: first };
  socket.create(next);
  await socket.until("response.completed");
  expect(network.worker.requests.at(-1)!.body["messages"]).toHaveLength(3);
  using other = await openSocket(network);
  other.create(next);
  const refused = await other.next();
  expect(refused).toMatchObject({ type: "error", status: 400 });
  expect(errorOf(refused)).toMatchObject({
    ...{ code: "previous_response_not_found", param: "previous_response_id" },
  });
});

test("what is kept can be gone on from on any connection, and over HTTP", async () => {
  await using network = await start();
  using socket = await openSocket(network);
  socket.create(asked);
  const id = idOf((await socket.until("response.completed")).at(-1));
  const kept = await network.openai.responses.retrieve(id);
  expect(kept.output_text).toBe("Hello you");
  using other = await openSocket(network);
  other.create({ ...asked, previous_response_id: id });
  await other.until("response.completed");
  expect(network.worker.requests.at(-1)!.body["messages"]).toHaveLength(3);
});

test("`generate: false` asks no node, and can be gone on from", async () => {
  await using network = await start();
  using socket = await openSocket(network);
  socket.create({ ...asked, store: false, generate: false });
  const events = await socket.until("response.completed");
  expect(events.map(({ type }) => type)).toEqual([
    ...["response.created", "response.in_progress", "response.completed"],
  ]);
  expect(network.worker.requests).toHaveLength(0);
  socket.create({ ...asked, input: "Now.", previous_response_id: idOf(events[0]) });
  await socket.until("response.completed");
  // Two messages of a user in a row are one.
  expect(network.worker.requests[0]!.body["messages"]).toMatchObject([
    { content: `${asked.input}\n\nNow.` },
  ]);
});

test("answers of one lane come one after the other, those of several at once", async () => {
  const reached: StubExchange[] = [];
  const arrivals = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  await using network = await start((exchange) => {
    exchange.open();
    exchange.text("word");
    reached.push(exchange);
    arrivals[reached.length - 1]!.resolve();
  });
  using socket = await openSocket(network);
  for (const stream_id of ["a", "a", "b"]) socket.create({ ...asked, stream_id });
  await Promise.all([arrivals[0]!.promise, arrivals[1]!.promise]);
  const delta = (event: ServerEvent) => event.type === "response.output_text.delta";
  const lanes = new Set<unknown>();
  while (lanes.size < 2) {
    const event = await socket.next();
    if (delta(event)) lanes.add(event["stream_id"]);
  }
  expect(lanes).toEqual(new Set(["a", "b"]));
  expect(reached).toHaveLength(2);
  for (const exchange of reached) finish(exchange, "stop");
  await arrivals[2]!.promise;
});

test("a node that is lost is told as failed, and never as completed", async () => {
  await using network = await start(({ open, text, die }) => {
    open();
    text("half");
    die();
  });
  using socket = await openSocket(network);
  socket.create(asked);
  const events = await socket.until("response.failed");
  expect(events.map(({ type }) => type)).toContain("error");
  expect(events.map(({ type }) => type)).not.toContain("response.completed");
  const next = { ...asked, previous_response_id: idOf(events[0]) };
  socket.create(next);
  expect(await socket.next()).toMatchObject({ type: "error", status: 400 });
});

test.each([
  ["no JSON", "{", "invalid_json"],
  ["a key twice", '{"type":"response.create","type":"x"}', "duplicate_key"],
  ["no object", "[]", "invalid_value"],
  ["a type that there is not", { type: "response.begin" }, "invalid_value"],
  ["no model", { type: "response.create", input: "x" }, "invalid_value"],
  ["the background", { type: "response.create", ...asked, background: true }, "invalid_value"],
  ["a model that nobody has", { type: "response.create", ...asked, model: "x" }, "model_not_found"],
])("%s is an error event, and the connection stays", async (_what, message, code) => {
  await using network = await start();
  using socket = await openSocket(network);
  socket.send(message);
  const event = await socket.next();
  expect(event["type"]).toBe("error");
  expect(errorOf(event).code).toBe(code);
  socket.create(asked);
  await socket.until("response.completed");
});

test("a message in bytes is refused; what asks for no answer gets none; nothing is steered", async () => {
  await using network = await start();
  using socket = await openSocket(network);
  socket.raw.send(Buffer.from(JSON.stringify({ type: "response.create", ...asked })));
  expect(errorOf(await socket.next()).code).toBe("invalid_value");
  socket.send({ type: "response.processed", response_id: "resp_1" });
  socket.send({ type: "response.steer", previous_response_id: "resp_1", input: "Left." });
  expect(await socket.next()).toMatchObject({
    type: "response.steer.failed",
    error: { code: "steering_not_supported" },
    steer: { previous_response_id: "resp_1", input: "Left." },
  });
});
