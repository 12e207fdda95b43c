/** Where a ticket's holder can get to through a worker: the engine's inference paths, with the worker's headers. */
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answerShortly,
  type BareEngine,
  startBareEngine,
} from "../../../test/support/fake-engine/bare-engine.ts";
import { chatBody } from "../../../test/support/fake-engine/infer-client.ts";
import { startTestWorker, type TestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import { limits } from "../../protocol/limits.ts";

let network: TestWorker;
let engine: BareEngine;
beforeAll(async () => {
  engine = await startBareEngine(answerShortly);
  network = await startTestWorker({ drive: engine.drive });
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

const elsewhere = [
  ...[
    "/api/pull",
    "/api/delete",
    "/api/generate",
    "/api/chat",
    "/v1/models",
    "/slots",
    "/lora",
    "/",
  ],
  ...["/v1/chat/completions/../../api/pull", "/v1/chat/completions/%2e%2e/%2e%2e/api/pull"],
  ...[
    "/v1/chat/completions/..%2f..%2fapi%2fpull",
    "/v1%2fchat%2fcompletions",
    "//v1/chat/completions",
  ],
  ...[
    "/v1/chat/completions?a=/api/pull",
    "/v1/chat/completions#",
    "/v1/chat/completions ",
    "/V1/chat/completions",
  ],
  ...[
    "http://127.0.0.1:11434/api/pull",
    "//127.0.0.1:11434/api/pull",
    "v1/chat/completions",
    "\\v1\\chat\\completions",
  ],
  ...["/v1/chat/completions\r\nx: y", "/v1/chat/completions\0", "", "__proto__", "toString"],
];

test.each(elsewhere)("no path but an inference path can be asked for: %j", async (path) => {
  const before = engine.requests.length;
  const reply = await network.ask({ ticket: await network.ticket(), head: { path } });
  expect(reply).toMatchObject({ code: "invalid_value", status: 400 });
  expect(engine.requests).toHaveLength(before);
});

test("nor any that is put together of their pieces", async () => {
  const ticket = await network.ticket();
  const before = engine.requests.length;
  const piece = fc.constantFrom(
    "/",
    "v1",
    "chat",
    "completions",
    "embeddings",
    "..",
    ".",
    "%2f",
    "%2e",
    "api",
    "pull",
    "?",
    "#",
    "\\",
    ";",
  );
  const path = fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(""));
  const real = new Set(["/v1/chat/completions", "/v1/completions", "/v1/embeddings"]);
  await fc.assert(
    fc.asyncProperty(path, async (made) => {
      fc.pre(!real.has(made));
      expect(await network.ask({ ticket, head: { path: made } })).toMatchObject({ status: 400 });
    }),
    { numRuns: 100, seed: 5_151 },
  );
  expect(engine.requests).toHaveLength(before);
});

test.each([
  ...[
    "/api/pull",
    "/v1/chat/completions",
    "//infer",
    "/infer/",
    "/infer/../api/pull",
    "/infer%2f",
    "/infer?to=/api/pull",
  ],
  ...["/infer/..%2fapi%2fpull", "http://127.0.0.1:11434/api/pull", "http://engine/infer", "*"],
])("the worker's own port has no way to the engine either: %s", async (target) => {
  const before = engine.requests.length;
  const { hostname, port } = new URL(network.worker.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.end(
    `POST ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`,
  );
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 40[04] /);
  expect(engine.requests).toHaveLength(before);
});

const token = "INTRUDER";
const headerName = fc.oneof(
  fc.constantFrom(
    "cookie",
    "x-forwarded-for",
    "forwarded",
    "traceparent",
    "x-api-key",
    "x-engine-key",
    "origin",
  ),
  fc.constantFrom(
    "x-http-method-override",
    "x-original-url",
    "x-request-id",
    "accept",
    "user-agent",
    "x-slot-id",
  ),
  fc.stringMatching(/^x-[a-z0-9-]{1,20}$/),
);

test("of headers the engine sees those that the worker makes", async () => {
  let ticket = await network.ticket();
  let k = 0;
  const value = fc.stringMatching(/^[\x21-\x7e]{0,40}$/).map((some) => token + some);
  await fc.assert(
    fc.asyncProperty(fc.dictionary(headerName, value, { maxKeys: 8 }), async (headers) => {
      if (k >= limits.secretsPerTicket) [ticket, k] = [await network.ticket(), 0];
      const before = engine.requests.length;
      await network.ask({ ticket, k: (k += 1), headers });
      const { rawHeaders } = engine.requests[before]!;
      const names = rawHeaders
        .filter((_, index) => index % 2 === 0)
        .map((name) => name.toLowerCase());
      expect(names.toSorted()).toEqual([
        ...["connection", "content-length", "content-type", "host", "x-engine-key", "x-request-id"],
      ]);
      expect(rawHeaders.join("\n")).not.toContain(token);
      expect(rawHeaders.join("\n")).toContain("engine-secret");
    }),
    { numRuns: 60, seed: 5_152 },
  );
});

const image = (url: unknown) => [{ type: "image_url", image_url: { url } }];
const ref = (to: unknown, key = "$ref") => ({ properties: { a: { items: [{ [key]: to }] } } });
const tool = (parameters: unknown) => ({
  tools: [{ type: "function", function: { name: "f", parameters } }],
});
const content = (parts: unknown) => ({ messages: [{ role: "user", content: parts }] });
const address = "http://169.254.169.254/latest/meta-data";
test.each<[string, object, string]>([
  ...[
    address,
    "https://example.com/a.png",
    "file:///etc/passwd",
    "/etc/passwd",
    "ftp://a/b",
    "//a/b.png",
    "",
  ].map((url): [string, object, string] => [
    `an image at ${url}`,
    content(image(url)),
    "messages.0.content.0.image_url.url",
  ]),
  [
    "an image in disguise",
    content(image(`data:image/png;base64,AAAA\n${address}`)),
    "messages.0.content.0.image_url.url",
  ],
  [
    "data in capitals that hide an address",
    content(image(` ${address}`)),
    "messages.0.content.0.image_url.url",
  ],
  [
    "a drawing, which may name addresses",
    content(image("data:image/svg+xml;base64,AAAA")),
    "messages.0.content.0.image_url.url",
  ],
  ["a page", content(image("data:text/html;base64,AAAA")), "messages.0.content.0.image_url.url"],
  [
    "an image as bare text",
    content([{ type: "image_url", image_url: address }]),
    "messages.0.content.0.image_url",
  ],
  [
    "a film",
    content([{ type: "video_url", video_url: { url: address } }]),
    "messages.0.content.0.type",
  ],
  [
    "a sound at an address",
    content([{ type: "audio_url", audio_url: { url: address } }]),
    "messages.0.content.0.type",
  ],
  [
    "a sound that is none",
    content([{ type: "input_audio", input_audio: { data: address, format: "wav" } }]),
    "messages.0.content.0.input_audio.data",
  ],
  ["a file", content([{ type: "file", file: { file_id: address } }]), "messages.0.content.0.type"],
  [
    "a type that nobody knows",
    content([{ type: "INTRUDER", text: "a" }]),
    "messages.0.content.0.type",
  ],
  ["a tool of the engine's own", { tools: [{ type: "mcp", server_url: address }] }, "tools.0.type"],
  ["a schema elsewhere", tool(ref(`${address}#/a`)), "tools.0.function.parameters"],
  ["a schema beside it", tool(ref("other.json")), "tools.0.function.parameters"],
  ["a schema by another word", tool(ref(address, "$dynamicRef")), "tools.0.function.parameters"],
  [
    "a format by a schema elsewhere",
    { response_format: { type: "json_schema", json_schema: { name: "a", schema: ref(address) } } },
    "response_format.json_schema.schema",
  ],
  [
    "a format of the engine's own",
    { response_format: { type: "structural_tag" } },
    "response_format.type",
  ],
])("%s is refused: nobody makes an engine fetch", async (_what, fields, param) => {
  const before = engine.requests.length;
  const reply = await network.ask({ ticket: await network.ticket(), body: chatBody(fields) });
  expect(JSON.parse(reply.text)).toMatchObject({ error: { code: "invalid_value", param } });
  expect(engine.requests).toHaveLength(before);
});
