/** What an engine says of its own failures stays with its owner, however it says it. */
import { expect, test } from "vitest";
import { startFakeEngine } from "../../../test/support/fake-engine/fake-engine.ts";
import { raw, type Script } from "../../../test/support/fake-engine/script.ts";
import { startTestWorker } from "../../../test/support/fake-engine/test-worker.ts";
import type { InferencePath } from "../../protocol/chat.ts";
import { startBareEngine } from "../../../test/support/fake-engine/bare-engine.ts";

const secret = "hunter2";
const words = `Traceback (most recent call last): /home/${secret}/llm.py http://10.0.0.7:8000/${secret}`;
const asJson = JSON.stringify({ error: { message: words, code: secret }, detail: words });
const asHtml = `<html><body><pre>${words}</pre></body></html>`;
const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const word = event({ id: "1", choices: [{ index: 0, delta: { content: "so " } }] });
const status = (code: number, body: string): Script => ({
  type: "status",
  status: code,
  body,
});

const chat = "/v1/chat/completions";
const embeddings = "/v1/embeddings";

test.each<[string, Script, string, InferencePath?]>([
  ["401, as JSON", status(401, asJson), "engine_error"],
  ["403, as HTML", status(403, asHtml), "engine_error"],
  ["404, as text", status(404, words), "engine_error"],
  ["429, as JSON", status(429, asJson), "engine_error"],
  ["500, as HTML", status(500, asHtml), "engine_error"],
  ["503, as broken JSON", status(503, asJson.slice(0, -9)), "engine_error"],
  ["400, as JSON", status(400, asJson), "unsupported_parameter"],
  ["422, as HTML", status(422, asHtml), "unsupported_parameter"],
  ["400, about the context", status(400, `${words}: context is full`), "context_length_exceeded"],
  ["200, an error as JSON", status(200, asJson), "engine_error"],
  ["200, HTML", status(200, asHtml), "engine_error"],
  ["200, an error event first", raw(event({ error: { message: words } })), "engine_error"],
  [
    "200, an error event without its name",
    raw(event({ object: "error", message: words })),
    "engine_error",
  ],
  ["200, an event that is no JSON", raw(`data: ${words}\n\n`), "engine_error"],
  ["an error event mid-stream", raw(word + event({ error: words })), "engine_error"],
  ["an event of another kind mid-stream", raw(word + event({ detail: words })), "engine_error"],
  [
    "a failure in a field of its own mid-stream",
    raw(`${word}error: ${asJson}\n\n`),
    "engine_error",
  ],
  ["HTML mid-stream", raw(word + asHtml), "engine_error"],
  ["500 for embeddings", status(500, asJson), "engine_error", embeddings],
])("%s: our code, and none of its words", async (_how, script, code, path = chat) => {
  await using network = await startTestWorker({ script });
  const body = path === embeddings ? { model: "test-model", input: "a" } : undefined;
  const reply = await network.ask({ ticket: await network.ticket(), path, ...(body && { body }) });
  expect(reply.code).toBe(code);
  expect(JSON.stringify([reply.text, reply.headers])).not.toMatch(/hunter2|Traceback|10\.0\.0\.7/);
});

test.each([
  ["an error with status 200", 200, {}, asJson],
  ["HTML with status 200", 200, { "content-type": "text/html", "x-engine": secret }, asHtml],
  ["a list that also reports an error", 200, {}, `{"data":[],"error":${JSON.stringify(words)}}`],
  ["a redirection", 302, { location: `http://10.0.0.7/${secret}` }, asHtml],
])("%s is no document", async (_what, code, headers, body) => {
  await using bare = await startBareEngine((_request, response) => {
    response.writeHead(code, headers).end(body);
  });
  await using network = await startTestWorker({ drive: bare.drive });
  const reply = await network.ask({
    ...{ ticket: await network.ticket(), path: embeddings },
    body: { model: "test-model", input: "a" },
  });
  expect(reply.code).toBe("engine_error");
  expect(JSON.stringify([reply.text, reply.headers])).not.toMatch(/hunter2|Traceback|10\.0\.0\.7/);
  expect(bare.requests).toHaveLength(1);
});

test("an engine's address is not said where nobody listens there", async () => {
  const away = await startFakeEngine();
  const { origin } = away;
  await away[Symbol.asyncDispose]();
  await using network = await startTestWorker({
    drive: (fake) => ({ ...fake.engine, origin }),
  });
  const reply = await network.until(network.ask({ ticket: await network.ticket() }));
  expect(reply).toMatchObject({ code: "engine_error", status: 502 });
  expect(reply.text).not.toMatch(/127\.0\.0\.1|ECONN|refused/i);
});
