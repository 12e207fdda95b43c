/** Which of a node's paths a request takes, and what becomes of it where nobody answers. */
import { createServer } from "node:http";
import { Agent, buildConnector } from "undici";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { freePort } from "../../../tools/services/ready.ts";
import { systemRandom } from "../../base/random.ts";
import { listen } from "../../host/listen.ts";
import type { Peer } from "../../protocol/node.ts";
import { createConnect } from "./connect.ts";
import { createPathFinder } from "../paths/find-path.ts";
import { createPathsTo } from "../paths/path.ts";
import { probe } from "../paths/probe.ts";

/** Nobody listens there. */
const nowhere = `127.0.0.1:${await freePort()}`;

async function startWay(around = "http://127.0.0.1:8000") {
  await using stack = new AsyncDisposableStack();
  const asked: string[] = [];
  const slow = { answer: Promise.resolve() };
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${String(request.headers["troop-attempt"])}`);
    response.setHeader("connection", "close");
    request.resume().on("end", () => void slow.answer.then(() => response.end("ok")));
  });
  const { port } = await listen(server, { host: "127.0.0.1", port: 0 });
  stack.defer(() => void server.close());
  const silent = new Set<string>();
  const open = buildConnector({});
  /** As a network that swallows packets: no connection comes about, and nobody says so. */
  const connectOrNot: buildConnector.connector = (options, done) =>
    silent.has(options.hostname) ? undefined : open(options, done);
  const dispatcher = stack.adopt(new Agent({ connect: connectOrNot }), (agent) => agent.destroy());
  const clock = createFakeClock();
  const paths = createPathFinder({ clock, random: systemRandom, probe });
  const pathsTo = createPathsTo(() => ({ coordinatorUrl: around, networks: [] }));
  const connect = createConnect({ clock, dispatcher, probe, pathsTo, paths });
  let attempts = 0;
  const call = (addresses: string[], relay: string[] = []) =>
    connect({
      node: { node_id: "n".repeat(43), addresses, relay } as unknown as Peer,
      seal: () => ({
        headers: { "troop-attempt": String((attempts += 1)) },
        body: Buffer.from("x"),
      }),
      signal: new AbortController().signal,
    });
  const resources = stack.move();
  return {
    asked,
    port,
    call,
    clock,
    silent,
    slow,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test("an address where nobody listens is passed over, and what is sent elsewhere is sealed anew", async () => {
  await using way = await startWay();
  const { status } = await way.call([`127.0.0.1:${way.port}`]);
  expect(status).toBe(200);
  await way.call([nowhere, `127.0.0.1:${way.port}`]);
  expect(way.asked).toEqual(["/infer 1", "/infer 2"]);
});

test("through a relay the node stands in the path", async () => {
  await using way = await startWay();
  await way.call([], [`http://127.0.0.1:${way.port}`]);
  expect(way.asked).toEqual([`/relay/${"n".repeat(43)}/infer 1`]);
});

test("a node without an address, and one that does not answer, cannot be reached", async () => {
  await using way = await startWay();
  await expect(way.call([])).rejects.toMatchObject({ code: "node_unreachable" });
  await expect(way.call([nowhere])).rejects.toMatchObject({ code: "node_unreachable" });
  expect(way.asked).toEqual([]);
});

test("somebody else's answer at a node's address leads to the node's other path", async () => {
  await using way = await startWay();
  const address = `127.0.0.1:${way.port}`;
  const relay = [`http://127.0.0.1:${way.port}`];
  const stream = await way.call([address], relay);
  expect(way.asked).toEqual(["/infer 1"]);
  expect(stream.distrust()).toBe(true);
  await way.call([address], relay);
  expect(way.asked.at(-1)).toBe(`/relay/${"n".repeat(43)}/infer 2`);
});

test("nothing is sent where no node could stand, whoever names it", async () => {
  await using way = await startWay("https://troop.example");
  const inside = way.call([`127.0.0.1:${way.port}`], [`http://127.0.0.1:${way.port}`]);
  await expect(inside).rejects.toMatchObject({ code: "node_unreachable" });
  expect(way.asked).toEqual([]);
});

test("a path that was known and has died in silence costs a second, and the request is sent once", async () => {
  await using way = await startWay();
  const address = `127.0.0.1:${way.port}`;
  const relay = [`http://localhost:${way.port}`];
  await (await way.call([address], relay)).chunks[Symbol.asyncIterator]().next();
  way.silent.add("127.0.0.1");
  let isOver = false;
  const second = way.call([address], relay).finally(() => (isOver = true));
  await way.clock.advance(999);
  expect(isOver).toBe(false);
  await way.clock.advance(1);
  expect((await second).status).toBe(200);
  expect(way.asked).toEqual(["/infer 1", `/relay/${"n".repeat(43)}/infer 3`]);
});

test("a path that is merely slow is come back to once the others have failed", async () => {
  await using way = await startWay();
  way.silent.add("127.0.0.1");
  const answer = way.call(
    [`127.0.0.1:${way.port}`],
    [`http://${nowhere.replace("127.0.0.1", "localhost")}`],
  );
  await way.clock.advance(999);
  way.silent.delete("127.0.0.1");
  await way.clock.advance(1);
  expect((await answer).status).toBe(200);
});

test("where there is no other path a connection is waited for", async () => {
  await using way = await startWay();
  const address = `127.0.0.1:${way.port}`;
  way.silent.add("127.0.0.1");
  let isOver = false;
  const over = () => (isOver = true);
  void way.call([address]).then(over, over);
  await way.clock.advance(60_000);
  expect(isOver).toBe(false);
});

test("only the connection must come about soon: the answer may take its time", async () => {
  await using way = await startWay();
  const { promise, resolve } = Promise.withResolvers<void>();
  way.slow.answer = promise;
  const answer = way.call([`127.0.0.1:${way.port}`], [`http://localhost:${way.port}`]);
  await expect.poll(() => way.asked).toHaveLength(1);
  await way.clock.advance(60_000);
  resolve();
  expect((await answer).status).toBe(200);
  expect(way.asked).toEqual(["/infer 1"]);
});
