/** What no application sends: each is refused by name, in the words of the API that was asked, and never a failure of ours. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { post, startTestNetwork, type TestNetwork } from "../fixtures/sidecar.fixture.ts";

const model = "toy:1b";
const said = [{ role: "user", content: "Hello?" }];
const echo = "zz-what-the-caller-wrote-zz";

/** One request of each API that is answered. */
const apis: Record<string, Record<string, unknown>> = {
  "/v1/chat/completions": { model, messages: said, stop: [], tools: [] },
  "/v1/completions": { model, prompt: "Hello?", stop: [] },
  "/v1/responses": { model, input: said, tools: [], include: [], metadata: {} },
  "/v1/messages": { model, max_tokens: 8, messages: said, stop_sequences: [], tools: [] },
  "/api/chat": { model, stream: false, messages: said, tools: [], options: { stop: [] } },
  "/api/generate": { model, stream: false, prompt: "Hello?", images: [], options: {} },
};

/** The error's text, where it has the form that its API has. */
function messageOf(path: string, answer: string): string {
  const read = JSON.parse(answer) as { type?: string; error: string | { message: string } };
  if (path.startsWith("/api/")) expect(read.error).toEqual(expect.any(String));
  else expect(read.error).toMatchObject({ message: expect.any(String) as string });
  if (path === "/v1/messages") expect(read.type).toBe("error");
  return typeof read.error === "string" ? read.error : read.error.message;
}

async function expectRefusal(network: TestNetwork, path: string, body: string, status = 400) {
  const response = await post(network, path, body);
  const answer = await response.text();
  expect([response.status, body.slice(0, 80)]).toEqual([status, body.slice(0, 80)]);
  expect(messageOf(path, answer)).not.toBe("");
  expect(answer).not.toContain(echo);
}

const notJson = [
  "",
  "{",
  "nul",
  "\ufeff{}",
  '{"a":1,"a":2}',
  '{"a":1e400}',
  '{"a":"\\ud800"}',
].concat(
  ['{"a":"\\u0000"}', "[".repeat(33) + "]".repeat(33), "[]", "null", "7", `"${echo}"`, "{}"],
  [`{"${echo}":1}`, '{"__proto__":{"model":"x"}}'],
);

test.each(Object.keys(apis))("%s refuses what is no request", async (path) => {
  await using network = await startTestNetwork(createFakeClock());
  for (const body of notJson) await expectRefusal(network, path, body);
  const many = `{"messages":[${"[],".repeat(300_000)}1]}`;
  await expectRefusal(network, path, many, 413);
});

const wrong = [0, 1.5, true, echo, {}, [7], [[]], [{}], [{ type: echo }], { [echo]: echo }];

test.each(Object.entries(apis))(
  "%s takes or refuses any value in any place",
  async (path, good) => {
    await using network = await startTestNetwork(createFakeClock());
    expect((await post(network, path, good)).status).toBe(200);
    for (const name of Object.keys(good)) {
      for (const value of wrong) {
        const response = await post(network, path, { ...good, [name]: value });
        const answer = await response.text();
        const what = [name, JSON.stringify(value), response.status];
        expect(response.status, what.join(" ")).toBeLessThan(500);
        if (response.status < 400) continue;
        messageOf(path, answer);
        expect(answer, what.join(" ")).not.toContain(echo);
      }
    }
  },
);

/** As it stands on the wire. @returns the whole answer, to the end of the connection */
async function sent({ sidecar }: TestNetwork, request: string): Promise<string> {
  const { hostname, port } = new URL(sidecar.url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  return text(socket);
}

const own = "Host: localhost\r\n";
const upgrade = `${own}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`;

test.each([
  [400, "bad_framing", "NONSENSE\r\n\r\n"],
  [400, "bad_framing", `GET / HTTP/1.1\r\n${own}Content-Length: x\r\n\r\n`],
  [400, "bad_framing", `POST /api/chat HTTP/1.1\r\n${own}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
  [431, "headers_too_large", `GET / HTTP/1.1\r\n${own}X: ${"x".repeat(20_000)}\r\n\r\n`],
  [400, "invalid_value", `GET /v1/responses HTTP/1.1\r\n${upgrade}Sec-WebSocket-Key: x\r\n\r\n`],
])("%i %s: what cannot be read has this API's error object too", async (status, code, request) => {
  await using network = await startTestNetwork(createFakeClock());
  const [head, body] = (await sent(network, request)).split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toMatch(/\r\nx-request-id: /);
  expect(JSON.parse(body!)).toMatchObject({ error: { code } });
});

test.each([
  ["PUT", "/v1/responses/resp_1", "DELETE, GET, HEAD"],
  ["DELETE", "/v1/models/a/b:1", "GET, HEAD"],
  ["GET", "/v1/responses/resp_1/cancel", "POST"],
  ["PUT", "/api/chat", "POST"],
])("%s %s: 405, and what is allowed", async (method, path, allowed) => {
  await using network = await startTestNetwork(createFakeClock());
  const response = await fetch(network.sidecar.url + path, { method });
  expect([response.status, response.headers.get("allow")]).toEqual([405, allowed]);
});

test.each(Object.entries(apis))(
  "%s names the model that answers for troop/auto",
  async (path, good) => {
    await using network = await startTestNetwork(createFakeClock());
    const response = await post(network, path, { ...good, model: "troop/auto" });
    expect(await response.json()).toMatchObject({ model });
  },
);
