/** The whole network with a worker behind the coordinator's relay: what a client gets there, and what it costs. */
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { peersAnswer } from "../src/protocol/offers.ts";
import { type Network, type NetworkOptions, startNetwork } from "./network.ts";
import { startFakeEngine } from "./support/fake-engine/fake-engine.ts";
import { ask, framesOf, startAsk } from "./support/fake-engine/infer-client.ts";
import { flood, gatedText, plainText } from "./support/fake-engine/script.ts";
import { type BoughtTicket, buyTicket } from "./support/tickets.ts";

const mebibyte = 1_024 * 1_024;

async function startRelayed(options: NetworkOptions = {}) {
  const network = await startNetwork({ ...options, relay: true });
  const { coordinator, node, calls, requester } = network;
  return {
    network,
    url: `${coordinator.url}/relay/${node.id}`,
    ticket: () => buyTicket(calls, requester, node.id),
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}

const textsOf = async function* (response: Parameters<typeof framesOf>[0]) {
  for await (const { type, bytes } of framesOf(response))
    if (type === "body") yield Buffer.from(bytes).toString();
};

test("who may use a node learns with the ticket which relay it is behind, and nobody sooner", async () => {
  await using relayed = await startRelayed();
  const { calls, requester, coordinator, worker } = relayed.network;
  expect(worker.status().relays).toEqual([coordinator.url]);
  expect((await relayed.ticket()).answer.node.relay).toEqual([coordinator.url]);
  const path = "/peers";
  const listed = await calls.call({ method: "GET", path, signer: requester, answer: peersAnswer });
  expect(listed.nodes.map(({ relay }) => relay)).toEqual([[]]);
});

test("an answer comes through the relay word by word, with its line, and is paid", async () => {
  await using relayed = await startRelayed({ script: gatedText("Hel", "lo") });
  const { network } = relayed;
  const { response } = startAsk({ url: relayed.url, ticket: await relayed.ticket() });
  network.engine.next();
  const texts = textsOf(await response);
  let text = "";
  while (!text.includes("Hel")) text += (await texts.next()).value as string;
  expect(text).not.toContain('"lo"');
  await network.clock.advance(1_000);
  network.engine.next();
  network.engine.next();
  for await (const more of texts) text += more;
  expect(text).toContain('"lo"');

  await network.settle();
  const [entry] = (await network.history(network.provider)).filter(
    ({ kind }) => kind === "request",
  );
  expect(entry).toMatchObject({ kind: "request" });
  expect(await network.coordinator.auditLedger()).toEqual([]);
});

test("what the worker refuses is refused through the relay in the same words", async () => {
  await using relayed = await startRelayed();
  const ticket = await relayed.ticket();
  expect(await ask({ url: relayed.url, ticket })).toMatchObject({ status: 200 });
  const direct = await ask({ url: relayed.network.worker.url, ticket });
  const through = await ask({ url: relayed.url, ticket });
  expect(through).toMatchObject({ outerStatus: direct.outerStatus, code: direct.code });
  expect(through.code).toBe("request_replayed");
});

test("nothing but the inference path is served behind the relay", async () => {
  await using relayed = await startRelayed();
  for (const path of ["/status", "/health", "/infer/../status"]) {
    const response = await fetch(relayed.url + path);
    expect(response.status).toBeGreaterThanOrEqual(400);
  }
});

test("a client that hangs up ends the engine's work", async () => {
  await using relayed = await startRelayed({ script: gatedText("one", "two") });
  const { engine, clock } = relayed.network;
  const { request, response } = startAsk({ url: relayed.url, ticket: await relayed.ticket() });
  engine.next();
  await once(await response, "data");
  const hungUpAt = clock.monotonic();
  request.destroy();
  expect(await engine.aborted.next()).toMatchObject({ path: "/v1/chat/completions" });
  // No timer has to run out for it.
  expect(clock.monotonic() - hungUpAt).toBeLessThan(1_000);
  await relayed.network.settle();
});

test("a reader who stops pauses the engine, and the node's other streams go on", async () => {
  await using relayed = await startRelayed({ script: flood });
  const { engine } = relayed.network;
  const stalled = startAsk({ url: relayed.url, ticket: await relayed.ticket() });
  (await stalled.response).pause();
  await steady(() => engine.floodedBytes);
  // Sockets on loopback hold some MiB by themselves, on three legs.
  expect(engine.floodedBytes).toBeLessThan(40 * mebibyte);
  engine.play(plainText("fine"));
  const beside = await ask({ url: relayed.url, ticket: await relayed.ticket() });
  expect(beside.text).toContain("fine");
  stalled.request.destroy();
  await engine.aborted.next();
});

test("two hundred streams run through one worker's connection at once", async () => {
  await using engine = await startFakeEngine({ script: gatedText("one"), slots: 200 });
  await using relayed = await startRelayed({ engines: [engine.engine] });
  // One ticket has a share of them.
  const perTicket = 50;
  const tickets: BoughtTicket[] = [];
  for (let bought = 0; bought < 200 / perTicket; bought += 1) tickets.push(await relayed.ticket());
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  const replies = Promise.all(
    numbers.map((number) => {
      const ticket = tickets[Math.floor(number / perTicket)]!;
      return ask({ url: relayed.url, ticket, k: (number % perTicket) + 1 });
    }),
  );
  for (const _number of numbers) await engine.requests.next();
  expect(relayed.network.worker.status().slots.active).toBe(200);
  for (let gates = 2 * numbers.length; gates > 0; gates -= 1) engine.next();
  expect((await replies).map(({ line }) => line?.finish)).toEqual(numbers.map(() => "stop"));
});

test("a worker that stops leaves the relay at once, and its last stream is whole", async () => {
  await using relayed = await startRelayed({ script: gatedText("one") });
  const { network } = relayed;
  const { engine, worker } = network;
  const ticket = await relayed.ticket();
  const { response } = startAsk({ url: relayed.url, ticket });
  engine.next();
  const texts = textsOf(await response);
  await texts.next();
  const drained = worker.drain();
  expect(await ask({ url: relayed.url, ticket, k: 2 })).toMatchObject({ code: "draining" });
  engine.next();
  for await (const _text of texts);
  await drained;
  await worker[Symbol.asyncDispose]();
  const refused = await ask({ url: relayed.url, ticket, k: 3 });
  expect(refused).toMatchObject({ status: 502, code: "node_unreachable" });
});

/** Resolves once the number has stopped growing. */
const steady = async (read: Network["worker"]["pending"]) => {
  let last = -1;
  await vi.waitUntil(
    () => {
      const now = read();
      const isSteady = now === last && now > 0;
      last = now;
      return isSteady;
    },
    { interval: 300, timeout: 20_000 },
  );
};
