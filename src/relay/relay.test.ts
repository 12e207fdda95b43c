/** A request's way through a relay, and who is not let through. */
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { limits } from "../protocol/limits.ts";
import {
  answerTo,
  closeOf,
  connectWorker,
  createNodeSigner,
  knock,
  proofFor,
  type RelayFixture,
  startRelayFixture,
} from "./relay.fixture.ts";

let relay: RelayFixture;
beforeAll(async () => {
  relay = await startRelayFixture();
});
afterAll(() => relay[Symbol.asyncDispose]());

const codeOf = async (request: ReturnType<RelayFixture["post"]>) => {
  const response = await answerTo(request.end());
  const { error } = JSON.parse(await text(response)) as { error: { code: string } };
  return { status: response.statusCode, code: error.code, headers: response.headers };
};

test("head, body and the answer's end pass in both directions, as they come", async () => {
  const worker = await connectWorker([relay.url], relay.clock);
  const request = relay.post(worker.node, await relay.token(worker.node));
  const stream = await worker.streams.next();
  request.write("one");
  expect(String((await once(stream, "data"))[0])).toBe("one");
  request.end("two");
  expect(String((await once(stream, "data"))[0])).toBe("two");
  await once(stream, "end");

  stream.respond({ ":status": 200, "content-type": "application/troop-sealed" });
  const response = await answerTo(request);
  stream.write("a");
  expect(String((await once(response, "data"))[0])).toBe("a");
  stream.end("b");
  expect(await text(response)).toBe("b");
  expect(response.complete).toBe(true);
  await worker.stop();
});

test("of headers only those of the protocol pass, and no page can be made of an answer", async () => {
  const worker = await connectWorker([relay.url], relay.clock);
  const token = await relay.token(worker.node);
  const request = relay.post(worker.node, token, { "troop-index": "1", cookie: "c=d" });
  const stream = await worker.streams.next();
  const { authorization, cookie, "troop-index": index, ...rest } = await worker.headers.next();
  expect({ authorization, cookie, index }).toEqual({
    authorization: `Bearer ${token}`,
    index: "1",
  });
  expect(Object.keys(rest).toSorted()).toEqual(
    [":authority", ":method", ":path", ":scheme", "content-type"].toSorted(),
  );
  stream.respond({
    ...{ ":status": 200, "content-type": "text/html", "set-cookie": "a=b" },
    "retry-after": "7",
  });
  stream.end("<script>");
  const { headers } = await answerTo(request.end());
  expect(headers).toMatchObject({
    ...{ "content-type": "application/octet-stream", "retry-after": "7" },
    "x-content-type-options": "nosniff",
  });
  expect(headers["set-cookie"]).toBeUndefined();
  await worker.stop();
});

describe("a client is refused", () => {
  test.each<[string, number, string, () => Promise<ReturnType<RelayFixture["post"]>>]>([
    [
      "with a ticket for another node",
      ...([403, "wrong_audience"] as const),
      async () => {
        const token = await relay.token(await createNodeSigner());
        return relay.post(await createNodeSigner(), token);
      },
    ],
    [
      "with a ticket that another key signed",
      ...([401, "invalid_ticket"] as const),
      async () => {
        const node = await createNodeSigner();
        const [head, body] = (await relay.token(node)).split(".");
        return relay.post(node, `${head}.${body}.${Buffer.alloc(256).toString("base64url")}`);
      },
    ],
    [
      "with a ticket that has ended",
      ...([401, "ticket_expired"] as const),
      async () => {
        const node = await createNodeSigner();
        const exp = Math.floor(relay.clock.now() / 1_000);
        const token = await relay.token(node, { iat: exp - 300, nbf: exp - 300, exp });
        return relay.post(node, token);
      },
    ],
    [
      "where the node is not connected",
      ...([502, "node_unreachable"] as const),
      async () => {
        const node = await createNodeSigner();
        return relay.post(node, await relay.token(node));
      },
    ],
    [
      "without a ticket",
      ...([401, "missing_ticket"] as const),
      async () => relay.post(await createNodeSigner(), "?"),
    ],
    ["on another path", 404, "not_found", async () => relay.post("short", "a.b.c")],
  ])("%s", async (_name, status, code, post) => {
    expect(await codeOf(await post())).toMatchObject({ status, code });
  });
});

test("a ticket's streams are counted, and too many are refused until it ends", async () => {
  const worker = await connectWorker([relay.url], relay.clock);
  const token = await relay.token(worker.node);
  for (let index = 0; index < limits.attemptsPerTicket; index += 1) {
    const request = relay.post(worker.node, token).end();
    const stream = await worker.streams.next();
    stream.respond({ ":status": 204 }, { endStream: true });
    await buffer(await answerTo(request));
  }
  const refusal = await codeOf(relay.post(worker.node, token));
  expect(refusal).toMatchObject({
    ...{ status: 429, code: "rate_limit_exceeded" },
    headers: { "retry-after": "300" },
  });
  await worker.stop();
});

describe("a worker", () => {
  const answerOf = async (headers: Record<string, string>): Promise<string> => {
    using knocking = knock(relay.url, headers);
    return await knocking.answer;
  };
  const upgrade = "troop-relay";

  test("with a node's id but not its key does not take the node's place", async () => {
    const worker = await connectWorker([relay.url], relay.clock);
    const thief = await createNodeSigner();
    const proof = await proofFor(thief, relay.url, relay.clock.now());
    const [, payload, signature] = proof.split(".");
    const stolen = Buffer.from(
      JSON.stringify({ typ: "dpop+jwt", alg: "Ed25519", jwk: worker.node.jwk }),
    ).toString("base64url");
    const answer = await answerOf({ upgrade, dpop: `${stolen}.${payload}.${signature}` });
    expect(answer).toMatch(/^HTTP\/1\.1 401 [^]*invalid_proof/);
    relay.post(worker.node, await relay.token(worker.node));
    expect(await worker.streams.next()).toBeDefined();
    await worker.stop();
  });

  test("is refused where its proof was used before, is old, or is for another URL", async () => {
    const node = await createNodeSigner();
    const proof = await proofFor(node, relay.url, relay.clock.now());
    expect(await answerOf({ upgrade, dpop: proof })).toMatch(/^HTTP\/1\.1 101 /);
    expect(await answerOf({ upgrade, dpop: proof })).toMatch(/invalid_proof/);
    const old = await proofFor(node, relay.url, relay.clock.now() - limits.clockSkewMs - 1_000);
    expect(await answerOf({ upgrade, dpop: old })).toMatch(/clock_skew/);
    const elsewhere = await proofFor(node, "http://other.example", relay.clock.now());
    expect(await answerOf({ upgrade, dpop: elsewhere })).toMatch(/invalid_proof/);
    expect(await answerOf({ upgrade })).toMatch(/missing_proof/);
    expect(await answerOf({ upgrade: "h2c" })).toMatch(/invalid_value/);
  });

  test("whose WebSocket cannot be carried on hears no HTTP after it was agreed to", async () => {
    vi.stubEnv("TMPDIR", "/nowhere");
    onTestFinished(() => void vi.unstubAllEnvs());
    const dpop = await proofFor(await createNodeSigner(), relay.url, relay.clock.now());
    using knocking = knock(relay.url, {
      ...{ upgrade: "websocket", dpop, "sec-websocket-version": "13" },
      "sec-websocket-key": Buffer.alloc(16).toString("base64"),
    });
    const said = await knocking.all;
    expect(said).toMatch(/^HTTP\/1\.1 101 /);
    expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test("keeps its place against a proof that is as old as its own", async () => {
    const node = await createNodeSigner();
    const worker = await connectWorker([relay.url], relay.clock, node);
    const equal = await proofFor(node, relay.url, relay.clock.now());
    expect(await answerOf({ upgrade, dpop: equal })).toMatch(/^HTTP\/1\.1 401 [^]*invalid_proof/);
    relay.post(node, await relay.token(node));
    expect(await worker.streams.next()).toBeDefined();
    await worker.stop();
  });

  test("that connects anew takes its older connection's place", async () => {
    const older = await connectWorker([relay.url], relay.clock);
    const session = await older.sessions.next();
    const closed = closeOf(session);
    await relay.clock.advance(1_000);
    const newer = await connectWorker([relay.url], relay.clock, older.node);
    await closed;
    relay.post(older.node, await relay.token(older.node));
    expect(await newer.streams.next()).toBeDefined();
    await Promise.all([older.stop(), newer.stop()]);
  });
});
