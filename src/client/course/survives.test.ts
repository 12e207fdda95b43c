/** A node that fails in the middle of an answer: another goes on with it, and the application does not notice. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { all, post, startTestNetwork, type TestNetwork } from "../fixtures/sidecar.fixture.ts";
import { finish, type Script, type StubExchange } from "../fixtures/stub-worker.fixture.ts";

const messages = [{ role: "user" as const, content: "Hello?" }];
const question = { model: "toy:1b", messages };

/** Whoever is asked first does as `failure` says, the others `goOn`. */
function network(failure: Script, goOn: Script = sayYou, count = 3): Promise<TestNetwork> {
  let isFirst = true;
  const script: Script = (exchange) => {
    const act = isFirst ? failure : goOn;
    isFirst = false;
    return act(exchange);
  };
  return startTestNetwork(
    createFakeClock(),
    Array.from({ length: count }, () => script),
  );
}

async function continuing(...given: Parameters<typeof network>): Promise<TestNetwork> {
  const started = await network(...given);
  for (const { peer } of started.workers) peer.models[0]!.capabilities.push("prefill");
  return started;
}

const half: Script = ({ open, event, text }) => {
  open();
  event({ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] });
  text("Hello ");
};
const dies: Script = async (exchange) => {
  await half(exchange);
  exchange.die();
};
const yields: Script = async (exchange) => {
  await half(exchange);
  exchange.line({ finish: "yielded", completion_tokens: 1 });
  exchange.end();
};
const fallsSilent: Script = async (exchange) => {
  await half(exchange);
  exchange.line({ finish: "timeout", completion_tokens: 1 });
  exchange.end();
};
const sayYou: Script = (exchange) => {
  exchange.open();
  exchange.event({ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] });
  exchange.text(" you");
  finish(exchange, "stop");
};

const askedOf = ({ workers }: TestNetwork): StubExchange[] =>
  workers.flatMap(({ requests }) => requests);
const restOf = (started: TestNetwork) =>
  askedOf(started).find(({ body }) => body["continue_final_message"] === true);

test.each([
  ["dies", dies],
  ["hands over", yields],
  ["falls silent", fallsSilent],
])("where it %s, the stream goes on as one answer", async (_how, failure) => {
  await using started = await continuing(failure);
  const chunks = await all(
    await started.openai.chat.completions.create({
      ...{ ...question, stream: true, max_tokens: 10 },
      stream_options: { include_usage: true },
    }),
  );
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Hello you");
  expect(chunks.filter(({ choices }) => choices[0]?.delta.role)).toHaveLength(1);
  const identities = chunks.map(({ id, created, model }) => `${id} ${created} ${model}`);
  expect(new Set(identities).size).toBe(1);
  expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(["stop"]);
  // Its engine counted five tokens of a prompt that one of the answer was part of.
  expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 3 });
  expect(restOf(started)?.body).toMatchObject({
    messages: [...messages, { role: "assistant", content: "Hello" }],
    max_tokens: 9,
  });
});

test("the acknowledgement says whose answer it goes on with, and each part has its own cost", async () => {
  await using started = await continuing(yields);
  const response = await post(started, "/v1/chat/completions", { ...question, stream: true });
  const text = await response.text();
  const [first, second] = (await started.settle()).toSorted((one) => (one.continues ? 1 : -1));
  expect(first).not.toHaveProperty("continues");
  expect(second).toMatchObject({ verdict: "ok", continues: `${first!.hold}.1`, part: 2 });
  expect(second).not.toHaveProperty("retry_of");
  // Two lines of 0.01 credits each.
  expect(text).toContain("0.020000");
});

test("one object is made of both parts too", async () => {
  await using started = await continuing(dies);
  const { choices, usage } = await started.openai.chat.completions.create(question);
  expect(choices[0]!.message.content).toBe("Hello you");
  expect(usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 });
  expect(restOf(started)).toBeDefined();
});

test("where nobody can go on, one object is begun again", async () => {
  const sayAll: Script = (exchange) => {
    exchange.open();
    exchange.text("Hello you");
    finish(exchange, "stop");
  };
  await using started = await network(dies, sayAll);
  const { choices } = await started.openai.chat.completions.create(question);
  expect(choices[0]!.message.content).toBe("Hello you");
  expect(restOf(started)).toBeUndefined();
  const [second] = (await started.settle()).filter(({ retry_of }) => retry_of);
  expect(second).not.toHaveProperty("continues");
});

test("where nobody can go on, a stream ends in an error and never as if it were whole", async () => {
  await using started = await network(dies);
  const response = await post(started, "/v1/chat/completions", { ...question, stream: true });
  const text = await response.text();
  expect(text).toContain(`"code":"stream_truncated"`);
  expect(text).not.toContain("[DONE]");
  expect(text).not.toMatch(/"finish_reason":"\w/);
  expect(askedOf(started)).toHaveLength(1);
});

test("who cannot go on after all is passed over for the next, who is told of neither", async () => {
  let refusals = 0;
  await using started = await continuing(dies, (exchange) => {
    refusals += 1;
    if (refusals > 1) return sayYou(exchange);
    const error = { message: "no", type: "", param: null, code: "unsupported_parameter" };
    exchange.frame("head", { status: 400, headers: {} });
    exchange.frame("body", { error, request_id: "r" }, true);
    return exchange.end();
  });
  const { choices } = await started.openai.chat.completions.create(question);
  expect(choices[0]!.message.content).toBe("Hello you");
  expect(askedOf(started).map(({ body }) => body["messages"])).toContainEqual([
    ...messages,
    { role: "assistant", content: "Hello" },
  ]);
});

test("an answer is handed on twice at most", async () => {
  await using started = await continuing(dies, dies, 5);
  const response = await post(started, "/v1/chat/completions", { ...question, stream: true });
  expect(await response.text()).toContain(`"code":"stream_truncated"`);
  expect(askedOf(started)).toHaveLength(3);
});

test("another build of the model does not go on with what this one began", async () => {
  await using started = await continuing(dies);
  const builds = started.workers.map(({ peer }) => peer.models[0]!);
  for (const [index, model] of builds.entries())
    model.digest = `sha256:${String(index).repeat(64)}`;
  const response = await post(started, "/v1/chat/completions", { ...question, stream: true });
  expect(await response.text()).toContain(`"code":"stream_truncated"`);
  expect(askedOf(started)).toHaveLength(1);
});

test.each([
  ["/v1/responses", { model: "toy:1b", input: "Hello?", stream: true }, "response.completed"],
  ["/v1/messages", { ...question, max_tokens: 10, stream: true }, "message_stop"],
  ["/api/chat", question, `"done":true`],
])("%s goes on like a chat", async (path, body, ending) => {
  await using started = await continuing(dies);
  const response = await post(started, path, body);
  const text = await response.text();
  expect(text).toContain(ending);
  const said = [...text.matchAll(/"(?:text|content|delta)":"([^"]*)"/g)].map(([, one]) => one);
  expect(said.join("")).toContain("Hello you");
  expect(askedOf(started)).toHaveLength(2);
});
