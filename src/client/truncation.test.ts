/** An answer that is not whole and in order never passes for one. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { all, post, startTestNetwork } from "./fixtures/sidecar.fixture.ts";
import { type Script, sayHello } from "./fixtures/stub-worker.fixture.ts";

const question = { model: "toy:1b", messages: [{ role: "user" as const, content: "Hello?" }] };

/** Says a word, so that no other node can take over, then ends as `ending` says. */
const brokenBy =
  (ending: Script): Script =>
  (exchange) => {
    exchange.open();
    exchange.text("half");
    return ending(exchange);
  };

const endings: Record<string, Script> = {
  "ends without its line": ({ end }) => end(),
  "is cut off": ({ die }) => die(),
  "goes on after its line": ({ text, line, wire, end }) => {
    const earlier = text("more");
    line();
    wire(earlier);
    end();
  },
  "repeats its line": ({ line, wire, end }) => {
    wire(line());
    end();
  },
  "repeats its head": ({ open, line, end }) => {
    open();
    line();
    end();
  },
  "has a frame with bytes where zeros belong": ({ wire, line, end }) => {
    const frame = Buffer.alloc(4 + 256, 1);
    frame.writeUInt32BE(256, 0);
    wire(frame);
    line();
    end();
  },
  "has a frame that is too large": ({ wire, end }) => {
    wire(Buffer.from([0xff, 0xff, 0xff, 0xff, 0]));
    end();
  },
  "has an event that is no JSON": ({ bytes, line, end }) => {
    bytes(Buffer.from("data: {half\n\n"));
    line();
    end();
  },
  "ends with another request's line": ({ line, end }) => {
    line({ x: "A".repeat(43) });
    end();
  },
};

test.each(Object.entries(endings))("a stream that %s ends in an error", async (_name, ending) => {
  await using network = await startTestNetwork(createFakeClock(), [brokenBy(ending)]);
  const response = await post(network, "/v1/chat/completions", { ...question, stream: true });
  const events = (await response.text()).trimEnd().split("\n\n");
  expect(events.at(-1)).toMatch(/^data: \{"error":\{.*"code":"stream_truncated"/);
  expect(events).not.toContain("data: [DONE]");
  expect(events.join()).not.toContain(`"finish_reason":"stop"`);
});

test("an engine that breaks off is said to, and its line is acknowledged", async () => {
  await using network = await startTestNetwork(createFakeClock(), [
    brokenBy(({ event, line, end }) => {
      event({ error: { message: "boom", type: "", param: null, code: "engine_error" } });
      line({ finish: "worker_error", cost: "0.000000" });
      end();
    }),
  ]);
  const response = await post(network, "/v1/chat/completions", { ...question, stream: true });
  const text = await response.text();
  expect(text).toContain(`"code":"engine_error"`);
  expect(text).not.toContain("boom");
  expect(text).not.toContain("[DONE]");
  expect(await network.settle()).toMatchObject([{ k: 1, verdict: "ok" }]);
});

test("no other node takes over an answer that has begun", async () => {
  const breaks = brokenBy(({ end }) => end());
  await using network = await startTestNetwork(createFakeClock(), [breaks, breaks]);
  const response = await post(network, "/v1/chat/completions", { ...question, stream: true });
  expect(await response.text()).toContain("stream_truncated");
  expect(network.workers.flatMap(({ requests }) => requests)).toHaveLength(1);
});

test("the SDK throws where a stream is cut off", async () => {
  await using network = await startTestNetwork(createFakeClock(), [brokenBy(({ end }) => end())]);
  const stream = await network.openai.chat.completions.create({ ...question, stream: true });
  await expect(all(stream)).rejects.toThrow("ended before it was complete");
});

test("nothing is acknowledged where no line came", async () => {
  await using network = await startTestNetwork(createFakeClock(), [brokenBy(({ end }) => end())]);
  await expect(network.openai.chat.completions.create(question)).rejects.toMatchObject({
    status: 502,
    code: "stream_truncated",
  });
  expect(network.sidecar.pending()).toBe(0);
});

test("a repeat by itself is forbidden once something may have been charged", async () => {
  await using network = await startTestNetwork(createFakeClock(), [brokenBy(({ end }) => end())]);
  const response = await post(network, "/v1/chat/completions", question);
  expect(response.status).toBe(502);
  expect(response.headers.get("x-should-retry")).toBe("false");
});

test("a node that dies after its line has answered", async () => {
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => sayHello({ ...exchange, end: () => exchange.die() }),
  ]);
  const { choices } = await network.openai.chat.completions.create(question);
  expect(choices[0]!.message.content).toBe("Hello you");
});

test("another request's line is refused, and said to be", async () => {
  const lie: Script = brokenBy(({ line, end }) => {
    line({ k: 7 });
    end();
  });
  await using network = await startTestNetwork(createFakeClock(), [lie]);
  await expect(network.openai.chat.completions.create(question)).rejects.toThrow();
  expect(await network.settle()).toMatchObject([{ k: 1, verdict: "refused" }]);
});

test.each(["request_hash", "response_hash"])(
  "a line that lies about its %s is refused, and said to be",
  async (field) => {
    const lie: Script = (exchange) =>
      sayHello({ ...exchange, line: () => exchange.line({ [field]: "A".repeat(43) }) });
    await using network = await startTestNetwork(createFakeClock(), [lie]);
    await expect(network.openai.chat.completions.create(question)).rejects.toMatchObject({
      code: "stream_truncated",
    });
    expect(await network.settle()).toMatchObject([{ k: 1, verdict: "refused" }]);
  },
);

test.each([
  ["a cost above its own figures", { cost: "99.000000" }],
  ["more time than passed here", { billed_ms: 3_600_000 }],
  ["more tokens than bytes were received", { completion_tokens: 5_000 }],
])("a line with %s differs, and the answer stands", async (_name, changes) => {
  await using network = await startTestNetwork(createFakeClock(), [
    (exchange) => sayHello({ ...exchange, line: () => exchange.line(changes) }),
  ]);
  const { choices } = await network.openai.chat.completions.create(question);
  expect(choices[0]!.message.content).toBe("Hello you");
  expect(await network.settle()).toMatchObject([{ k: 1, verdict: "differs", billed_ms: 2_000 }]);
});
