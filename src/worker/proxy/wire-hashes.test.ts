/** What a line says of the bytes: counted here anew, from what went over the wire, however a request ends. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import {
  chatBody,
  framesOf,
  requestBytes,
} from "../../../test/support/fake-engine/infer-client.ts";
import {
  cutAfter,
  errorStatus,
  gatedText,
  plainText,
  type Script,
} from "../../../test/support/fake-engine/script.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import type { Line } from "../../protocol/receipt.ts";
import type { TicketClaims } from "../../protocol/ticket.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("base64url");
const saltBytes = 32;

/** An answer's bytes up to the frame whose header has its top bit set. */
function beforeFinal(wire: Buffer): Buffer {
  let at = saltBytes;
  while ((wire[at]! & 0x80) === 0) at += 4 + wire.readUInt32BE(at);
  return wire.subarray(0, at);
}

/** All that comes, as it comes, and the line in it. */
async function record(response: IncomingMessage) {
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  let line: Line | undefined;
  for await (const { type, bytes } of framesOf(response))
    if (type === "line") line = JSON.parse(Buffer.from(bytes).toString()) as Line;
  return { wire: Buffer.concat(chunks), line };
}

/** The next line that reaches the coordinator. */
async function settledLine({ coordinator, worker }: TestWorker): Promise<Line> {
  worker.flush();
  return (await coordinator.lines.next()).line;
}

const long = "A question. ".repeat(20_000);
const cases: [string, Script, object, Partial<TicketClaims>, Partial<Line>][] = [
  ["is whole", plainText("one", "two"), chatBody(), {}, { finish: "stop" }],
  [
    "was asked in several frames",
    plainText("yes"),
    chatBody({ messages: [{ role: "user", content: long }] }),
    { budget: "1000.000000" },
    { finish: "stop" },
  ],
  ["ends with an error event", cutAfter("half"), chatBody(), {}, { finish: "worker_error" }],
];

test.each(cases)("the line of an answer that %s names all before it", async (...given) => {
  const [, script, body, claims, expected] = given;
  await using network = await startTestWorker({ script });
  const ticket = await network.ticket(claims);
  const bytes = requestBytes({ url: "", ticket, body });
  const { wire, line } = await record(await network.start({ ticket, bytes }).response);
  expect(line).toMatchObject({
    ...expected,
    request_hash: sha256(bytes),
    response_hash: sha256(beforeFinal(wire)),
  });
  expect(await settledLine(network)).toEqual(line);
});

test("so does that of one whose budget is used up, whose last event is the worker's own", async () => {
  await using network = await startTestWorker({ script: gatedText("one", "two") });
  const ticket = await network.ticket({ budget: "0.000001" });
  const { response } = network.start({ ticket });
  await network.engine.requests.next();
  await network.clock.advance(60_000);
  network.engine.next();
  const { wire, line } = await record(await response);
  expect(line).toMatchObject({ finish: "budget", response_hash: sha256(beforeFinal(wire)) });
});

test("so does that of embeddings, which are one document", async () => {
  await using network = await startTestWorker();
  const ticket = await network.ticket();
  const body = { model: "test-model", input: ["a", "b"] };
  const bytes = requestBytes({ url: "", ticket, path: "/v1/embeddings", body });
  const { wire, line } = await record(await network.start({ ticket, bytes }).response);
  expect(line).toMatchObject({ response_hash: sha256(beforeFinal(wire)) });
});

test("a refusal by the engine ends with its error: what is hashed is the head before it", async () => {
  await using network = await startTestWorker({ script: errorStatus(500) });
  const ticket = await network.ticket();
  const bytes = requestBytes({ url: "", ticket });
  const { wire, line } = await record(await network.start({ ticket, bytes }).response);
  expect(line).toBeUndefined();
  expect(beforeFinal(wire).length).toBeGreaterThan(saltBytes);
  expect(await settledLine(network)).toMatchObject({
    request_hash: sha256(bytes),
    response_hash: sha256(beforeFinal(wire)),
  });
});

test("where its client hung up, a line names what was sent until then", async () => {
  await using network = await startTestWorker({ script: gatedText("one", "two") });
  const { request, response } = network.start({ ticket: await network.ticket() });
  network.engine.next();
  const message = await response;
  const chunks: Buffer[] = [];
  message.on("data", (chunk: Buffer) => chunks.push(chunk));
  message.on("error", () => undefined);
  const frames = framesOf(message);
  let text = "";
  while (!text.includes("one")) text += Buffer.from((await frames.next()).value!.bytes).toString();
  request.on("error", () => undefined).destroy();
  await network.engine.aborted.next();
  expect(await settledLine(network)).toMatchObject({
    finish: "client_gone",
    response_hash: sha256(Buffer.concat(chunks)),
  });
});

test("an answer whose line cannot be written down breaks off without one", async () => {
  await using network = await startTestWorker({ script: gatedText("one") });
  const { response } = network.start({ ticket: await network.ticket() });
  network.engine.next();
  const message = await response;
  using database = new DatabaseSync(join(network.dataFolder, "worker.sqlite"));
  database.exec("alter table journal rename to lost");
  const types: string[] = [];
  const read = async () => {
    for await (const { type } of framesOf(message)) types.push(type);
  };
  const broken = read();
  network.engine.next();
  await expect(broken).rejects.toThrow();
  expect(types).not.toContain("line");
  database.exec("alter table lost rename to journal");
});
