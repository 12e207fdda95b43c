/** Responses that run on when whoever asked has left. */
import type { Response, ResponseStreamEvent } from "openai/resources/responses/responses";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import type { SidecarConfig } from "../config.ts";
import { all, startTestNetwork, type TestNetwork } from "../fixtures/sidecar.fixture.ts";
import { finish, type Script, type StubExchange } from "../fixtures/stub-worker.fixture.ts";
import { temporaryFolder } from "./kept.fixture.ts";
import { responseLimits } from "./limits.ts";

const asked = { model: "toy:1b", input: "Hello?", background: true };

/** A node that says one word, and the rest when the test lets it. */
function heldNode() {
  const reached = Promise.withResolvers<StubExchange>();
  const script: Script = (exchange) => {
    exchange.open();
    exchange.text("Hello");
    reached.resolve(exchange);
  };
  const finished = async () => {
    const exchange = await reached.promise;
    exchange.text(" you");
    finish(exchange, "stop");
  };
  return { script, reached: reached.promise, finished };
}

async function start(script: Script, settings: Partial<SidecarConfig> = {}) {
  const clock = createFakeClock();
  return Object.assign(await startTestNetwork(clock, [script], settings), { clock });
}

/** Waits by asking, as an application does. */
async function until(
  { openai }: TestNetwork,
  id: string,
  isSo: (response: Response) => boolean,
): Promise<Response> {
  for (;;) {
    const response = await openai.responses.retrieve(id);
    if (isSo(response)) return response;
  }
}
const ofStatus = (status: string) => (response: Response) => response.status === status;

test("it is answered at once, runs on by itself, and can be retrieved and gone on from", async () => {
  const node = heldNode();
  await using network = await start(node.script);
  const { openai } = network;
  const begun = await openai.responses.create(asked);
  expect(begun).toMatchObject({ status: "queued", background: true, output: [] });
  await node.reached;
  const running = await until(network, begun.id, ({ output }) => output.length > 0);
  expect(running).toMatchObject({ status: "in_progress", output_text: "Hello" });
  const early = openai.responses.create({ ...asked, previous_response_id: begun.id });
  await expect(early).rejects.toMatchObject({ status: 400, param: "previous_response_id" });
  await node.finished();
  const over = await until(network, begun.id, ofStatus("completed"));
  expect(over).toMatchObject({ output_text: "Hello you", usage: { total_tokens: 7 } });
  await openai.responses.create({
    ...asked,
    background: false,
    previous_response_id: begun.id,
    stream: true,
  });
});

test("cancelling ends the node's work and what was said stays; again is the same", async () => {
  const node = heldNode();
  await using network = await start(node.script);
  const { openai } = network;
  const { id } = await openai.responses.create(asked);
  const exchange = await node.reached;
  const cancelled = await openai.responses.cancel(id);
  expect(cancelled.status).toBe("cancelled");
  await exchange.gone;
  expect(await openai.responses.retrieve(id)).toMatchObject(cancelled);
  expect(await openai.responses.cancel(id)).toEqual(cancelled);
});

test("deleting one that runs ends the node's work, and it does not come back", async () => {
  const node = heldNode();
  await using network = await start(node.script);
  const { openai } = network;
  const { id } = await openai.responses.create(asked);
  const exchange = await node.reached;
  await openai.responses.delete(id);
  await exchange.gone;
  await expect(openai.responses.retrieve(id)).rejects.toMatchObject({ code: "response_not_found" });
});

test("whoever leaves its stream can follow it from where they left off", async () => {
  const node = heldNode();
  await using network = await start(node.script);
  const { openai, clock } = network;
  const first: ResponseStreamEvent[] = [];
  for await (const event of await openai.responses.create({ ...asked, stream: true })) {
    first.push(event);
    if (event.type === "response.output_text.delta") break;
  }
  const [created] = first;
  const id = created?.type === "response.created" ? created.response.id : "";
  const starting_after = first.at(-1)!.sequence_number;
  const rest = all(await openai.responses.retrieve(id, { stream: true, starting_after }));
  await node.finished();
  const events = [...first, ...(await rest)];
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()]);
  expect(events.at(-1)).toMatchObject({ type: "response.completed", response: { id } });
  expect(await all(await openai.responses.retrieve(id, { stream: true }))).toEqual(events);
  await clock.advance(responseLimits.replayMs);
  const late = openai.responses.retrieve(id, { stream: true });
  await expect(late).rejects.toMatchObject({ status: 400, param: "stream" });
});

test("a failure is kept, and told to whoever follows", async () => {
  await using network = await start(({ open, text, die }) => {
    open();
    text("half");
    die();
  });
  const { openai } = network;
  const { id } = await openai.responses.create(asked);
  const failed = await until(network, id, ofStatus("failed"));
  expect(failed.error?.code).toBe("server_error");
  const followed = openai.responses.retrieve(id, { stream: true }).then(all);
  await expect(followed).rejects.toMatchObject({ code: "stream_truncated" });
});

test("a sidecar that stops ends them as failed", async () => {
  using place = temporaryFolder();
  const settings = { dataFolder: place.folder };
  let id: string;
  {
    const node = heldNode();
    await using network = await start(node.script, settings);
    ({ id } = await network.openai.responses.create(asked));
    await node.reached;
  }
  await using network = await start(heldNode().script, settings);
  expect(await network.openai.responses.retrieve(id)).toMatchObject({ status: "failed" });
});

test("whoever follows one while the sidecar stops is told so in an event, by its number", async () => {
  const node = heldNode();
  const network = await start(node.script);
  const { id } = await network.openai.responses.create(asked);
  await node.reached;
  await until(network, id, ({ output }) => output.length > 0);
  const followed = await fetch(`${network.sidecar.url}/v1/responses/${id}?stream=true`);
  await network[Symbol.asyncDispose]();
  const told = (await followed.text()).trimEnd().split("\n\n").at(-1)!;
  expect(told).toMatch(/^event: (?:error|response\.failed)\ndata: /);
  expect(JSON.parse(told.replace(/^.*\ndata: /, ""))).toMatchObject({
    sequence_number: expect.any(Number) as number,
  });
});

test("only so many run at once", async () => {
  await using network = await start(heldNode().script);
  const { openai } = network;
  const begun = Array.from({ length: responseLimits.backgroundMost }, () =>
    openai.responses.create(asked),
  );
  await Promise.all(begun);
  await expect(openai.responses.create(asked)).rejects.toMatchObject({
    ...{ status: 429, code: "rate_limit_exceeded" },
  });
});
