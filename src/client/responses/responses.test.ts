/** What is kept of responses, over HTTP with OpenAI's own package. */
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import type { SidecarConfig } from "../config.ts";
import { all, post, startTestNetwork } from "../fixtures/sidecar.fixture.ts";
import { sayHello, type Script } from "../fixtures/stub-worker.fixture.ts";
import { temporaryFolder } from "./kept.fixture.ts";

const model = "toy:1b";
const asked = { model, input: "Hello?" };

const start = (script?: Script, settings: Partial<SidecarConfig> = {}) =>
  startTestNetwork(createFakeClock(), [script], settings);

const cutShort: Script = ({ open, text, die }) => {
  open();
  text("half");
  die();
};

const notKept = { status: 404, code: "response_not_found" };

test("a response goes on from another, and its node is told all that was said", async () => {
  await using network = await start();
  const { openai, worker } = network;
  const first = await openai.responses.create({ ...asked, instructions: "Be kind." });
  const second = await openai.responses.create({
    ...{ model, input: "And now?", previous_response_id: first.id },
  });
  expect(second.previous_response_id).toBe(first.id);
  expect(worker.requests.at(-1)!.body["messages"]).toEqual([
    { role: "user", content: "Hello?" },
    { role: "assistant", content: "Hello you" },
    { role: "user", content: "And now?" },
  ]);
  expect(await openai.responses.retrieve(second.id)).toEqual(second);
});

test("a kept item can be referred to by its id, by whoever goes on from nothing", async () => {
  await using network = await start();
  const { openai, worker } = network;
  const { output } = await openai.responses.create(asked);
  const reference = { type: "item_reference" as const, id: output[0]!.id! };
  const input = [reference, { role: "user" as const, content: "More." }];
  await openai.responses.create({ model, input });
  expect(worker.requests.at(-1)!.body["messages"]).toEqual([
    { role: "assistant", content: "Hello you" },
    { role: "user", content: "More." },
  ]);
});

test("a deleted response is gone, and what went on from it is not", async () => {
  await using network = await start();
  const { openai, worker } = network;
  const first = await openai.responses.create(asked);
  const second = await openai.responses.create({ ...asked, previous_response_id: first.id });
  expect(await openai.responses.delete(first.id)).toEqual({
    ...{ id: first.id, object: "response", deleted: true },
  });
  await expect(openai.responses.delete(first.id)).rejects.toMatchObject(notKept);
  await expect(openai.responses.retrieve(first.id)).rejects.toMatchObject(notKept);
  await expect(openai.responses.cancel(first.id)).rejects.toMatchObject(notKept);
  await expect(openai.responses.inputItems.list(first.id)).rejects.toMatchObject(notKept);
  await openai.responses.create({ ...asked, previous_response_id: second.id });
  expect(worker.requests.at(-1)!.body["messages"]).toHaveLength(5);
});

test("of `store: false` nothing is kept", async () => {
  await using network = await start();
  const { openai } = network;
  const { id } = await openai.responses.create({ ...asked, store: false });
  await expect(openai.responses.retrieve(id)).rejects.toMatchObject(notKept);
  const next = openai.responses.create({ ...asked, previous_response_id: id });
  await expect(next).rejects.toMatchObject({
    ...{ status: 400, code: "previous_response_not_found", param: "previous_response_id" },
  });
});

test("with RESPONSES_STORE off nothing is kept, whatever is asked for", async () => {
  await using network = await start(undefined, { keepsResponses: false });
  const { openai } = network;
  const { id } = await openai.responses.create({ ...asked, store: true });
  await expect(openai.responses.retrieve(id)).rejects.toMatchObject(notKept);
  const refused = openai.responses.create({ ...asked, background: true });
  await expect(refused).rejects.toMatchObject({ status: 400, param: "background" });
});

test("items that a response was made from are listed in pages, the newest first unless asked", async () => {
  await using network = await start();
  const { openai } = network;
  const first = await openai.responses.create(asked);
  const { id } = await openai.responses.create({ ...asked, previous_response_id: first.id });
  const listed = await all(openai.responses.inputItems.list(id, { limit: 2, order: "asc" }));
  expect(listed.map((item) => "role" in item && item.role)).toEqual(["user", "assistant", "user"]);
  expect(listed[1]).toEqual(first.output[0]);
  const newest = await openai.responses.inputItems.list(id);
  expect(newest.data).toEqual(listed.toReversed());
  for (const query of [{ limit: 0 }, { limit: 101 }, { after: "nobody" }]) {
    const refused = openai.responses.inputItems.list(id, query);
    await expect(refused).rejects.toMatchObject({ status: 400, param: Object.keys(query)[0] });
  }
});

test("an answer that broke off is kept as failed, and cannot be gone on from", async () => {
  await using network = await start(cutShort);
  const { openai } = network;
  const stream = await openai.responses.create({ ...asked, stream: true });
  const events: ResponseStreamEvent[] = [];
  const read = async () => {
    for await (const event of stream) events.push(event);
  };
  await expect(read()).rejects.toMatchObject({ code: "stream_truncated" });
  const [first] = events;
  const id = first?.type === "response.created" ? first.response.id : "";
  expect(events.map(({ type }) => type)).not.toContain("response.completed");
  expect(await openai.responses.retrieve(id)).toMatchObject({ status: "failed" });
  const next = openai.responses.create({ ...asked, previous_response_id: id });
  await expect(next).rejects.toMatchObject({ status: 400, param: "previous_response_id" });
});

test("only what runs in the background can be cancelled", async () => {
  await using network = await start(({ open, text }) => {
    open();
    text("half");
  });
  const { openai } = network;
  const stream = await openai.responses.create({ ...asked, stream: true });
  for await (const event of stream) {
    if (event.type !== "response.created") continue;
    await expect(openai.responses.cancel(event.response.id)).rejects.toMatchObject({ status: 400 });
    break;
  }
  network.worker.script = sayHello;
  const { id } = await openai.responses.create(asked);
  await expect(openai.responses.cancel(id)).rejects.toMatchObject({ status: 400 });
});

test("`generate: false` asks no node, and can be gone on from", async () => {
  await using network = await start();
  const { openai, worker } = network;
  const answer = await post(network, "/v1/responses", { ...asked, generate: false });
  const warm = (await answer.json()) as { id: string };
  expect(warm).toMatchObject({ status: "completed", output: [], usage: { total_tokens: 0 } });
  expect(worker.requests).toHaveLength(0);
  await openai.responses.create({ model, input: "Now.", previous_response_id: warm.id });
  // Two messages of a user in a row are one.
  expect(worker.requests[0]!.body["messages"]).toMatchObject([
    { content: `${asked.input}\n\nNow.` },
  ]);
});

test("tokens are estimated without asking anybody; what only OpenAI can do is refused plainly", async () => {
  await using network = await start();
  const { openai, worker } = network;
  const { id } = await openai.responses.create(asked);
  const alone = await openai.responses.inputTokens.count({ input: "x".repeat(400) });
  expect(alone.object).toBe("response.input_tokens");
  expect(alone.input_tokens).toBeGreaterThan(90);
  const more = await openai.responses.inputTokens.count({ input: "x", previous_response_id: id });
  const less = await openai.responses.inputTokens.count({ input: "x" });
  expect(more.input_tokens).toBeGreaterThan(less.input_tokens);
  expect(worker.requests).toHaveLength(1);
  const compacted = openai.responses.compact({ model });
  await expect(compacted).rejects.toMatchObject({ status: 501, code: "not_implemented" });
});

test("what is kept outlives the process", async () => {
  using place = temporaryFolder();
  const settings = { dataFolder: place.folder };
  let id: string;
  {
    await using network = await start(undefined, settings);
    ({ id } = await network.openai.responses.create(asked));
  }
  await using network = await start(undefined, settings);
  expect(await network.openai.responses.retrieve(id)).toMatchObject({ output_text: "Hello you" });
  await network.openai.responses.create({ ...asked, previous_response_id: id });
  expect(network.worker.requests[0]!.body["messages"]).toHaveLength(3);
});
