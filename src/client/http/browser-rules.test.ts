/** Who gets in, by what a browser says of a request: Host × Origin × Sec-Fetch-Site × method, row by row. */
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { startTestNetwork, type TestNetwork } from "../fixtures/sidecar.fixture.ts";

/**
 * A dash is a header that is not sent. `app` is a page that was allowed, `evil` one that was not, `null` a page without
 * an origin (a sandbox, a file). WS is an upgrade on /v1/responses; GET and HEAD ask for models, DELETE for a response
 * that there is not, POST and OPTIONS for a chat.
 */
const table = `
 method  | host                   | origin | sec-fetch-site | content type | answer
 — programs: no origin, no site —
 GET     | 127.0.0.1:9000         | -      | -              | -            | 200
 GET     | localhost              | -      | -              | -            | 200
 GET     | LocalHost:1234         | -      | -              | -            | 200
 GET     | troop.localhost:9000   | -      | -              | -            | 200
 GET     | [::1]:9000             | -      | -              | -            | 200
 GET     | 192.168.1.7:9000       | -      | -              | -            | 200
 HEAD    | 127.0.0.1              | -      | -              | -            | 200
 DELETE  | 127.0.0.1              | -      | -              | -            | 404
 POST    | 127.0.0.1              | -      | -              | json         | 200
 POST    | 127.0.0.1              | -      | -              | -            | 200
 POST    | 127.0.0.1              | -      | -              | form         | 200
 POST    | 127.0.0.1              | -      | -              | plain        | 200
 OPTIONS | 127.0.0.1              | -      | -              | -            | 405
 WS      | 127.0.0.1              | -      | -              | -            | 101
 — the user, by the address bar —
 GET     | localhost:9000         | -      | none           | -            | 200
 GET     | localhost:9000         | -      | same-origin    | -            | 200
 — DNS rebinding: the name is the page's, so nothing looks foreign but the name —
 GET     | evil.example:9000      | -      | -              | -            | 403
 GET     | evil.example           | -      | none           | -            | 403
 GET     | evil.example:9000      | -      | same-origin    | -            | 403
 HEAD    | evil.example:9000      | -      | same-origin    | -            | 403
 DELETE  | evil.example:9000      | -      | same-origin    | -            | 403
 POST    | evil.example:9000      | evil   | same-origin    | json         | 403
 POST    | evil.example:9000      | -      | -              | json         | 403
 OPTIONS | evil.example:9000      | -      | same-origin    | -            | 403
 WS      | evil.example:9000      | -      | -              | -            | 403
 WS      | evil.example:9000      | evil   | same-origin    | -            | 403
 GET     | localhost.evil.example | -      | -              | -            | 403
 GET     | 127.0.0.1.evil.example | -      | same-origin    | -            | 403
 GET     | evil-localhost         | -      | -              | -            | 403
 GET     | 0x7f000001             | -      | -              | -            | 403
 GET     | localhost@evil.example | -      | -              | -            | 403
 GET     | :9000                  | -      | -              | -            | 403
 GET     | localhost.:9000        | -      | -              | -            | 403
 POST    | evil.example:9000      | app    | cross-site     | json         | 403
 — a page of a stranger, straight at this machine —
 GET     | 127.0.0.1:9000         | evil   | cross-site     | -            | 403
 GET     | 127.0.0.1:9000         | -      | cross-site     | -            | 403
 GET     | 127.0.0.1:9000         | -      | same-site      | -            | 403
 GET     | 127.0.0.1:9000         | -      | made-up        | -            | 403
 HEAD    | 127.0.0.1:9000         | evil   | cross-site     | -            | 403
 POST    | 127.0.0.1:9000         | evil   | cross-site     | json         | 403
 POST    | 127.0.0.1:9000         | evil   | cross-site     | form         | 403
 POST    | 127.0.0.1:9000         | evil   | cross-site     | plain        | 403
 POST    | 127.0.0.1:9000         | evil   | -              | plain        | 403
 POST    | 127.0.0.1:9000         | -      | cross-site     | plain        | 403
 DELETE  | 127.0.0.1:9000         | evil   | cross-site     | -            | 403
 OPTIONS | 127.0.0.1:9000         | evil   | cross-site     | -            | 403
 WS      | 127.0.0.1:9000         | evil   | cross-site     | -            | 403
 WS      | 127.0.0.1:9000         | evil   | -              | -            | 403
 WS      | 127.0.0.1:9000         | -      | cross-site     | -            | 403
 — a page without an origin; another port of this machine is another page too —
 POST    | 127.0.0.1:9000         | null   | cross-site     | json         | 403
 WS      | 127.0.0.1:9000         | null   | -              | -            | 403
 GET     | localhost:9000         | near   | same-site      | -            | 403
 POST    | localhost:9000         | near   | same-site      | json         | 403
 WS      | localhost:9000         | near   | same-site      | -            | 403
 — a page that was allowed —
 GET     | 127.0.0.1:9000         | app    | cross-site     | -            | 200
 HEAD    | 127.0.0.1:9000         | app    | cross-site     | -            | 200
 DELETE  | 127.0.0.1:9000         | app    | cross-site     | -            | 404
 OPTIONS | 127.0.0.1:9000         | app    | cross-site     | -            | 204
 POST    | 127.0.0.1:9000         | app    | cross-site     | json         | 200
 POST    | 127.0.0.1:9000         | app    | -              | json         | 200
 POST    | 127.0.0.1:9000         | app    | cross-site     | plain        | 415
 POST    | 127.0.0.1:9000         | app    | cross-site     | form         | 415
 POST    | 127.0.0.1:9000         | app    | cross-site     | -            | 415
 POST    | 127.0.0.1:9000         | app    | cross-site     | jsonish      | 415
 WS      | 127.0.0.1:9000         | app    | cross-site     | -            | 101
 GET     | chat.example           | app    | same-origin    | -            | 200
 GET     | 127.0.0.1:9000         | -      | cross-site     | -            | 403
`;

const origins: Record<string, string> = {
  app: "https://chat.example",
  evil: "https://evil.example",
  near: "http://localhost:3000",
  null: "null",
};
const types: Record<string, string> = {
  json: "application/json; charset=utf-8",
  form: "application/x-www-form-urlencoded",
  plain: "text/plain",
  jsonish: "application/jsonish",
};
const chat = "/v1/chat/completions";
const places: Record<string, string> = {
  ...{ GET: "/v1/models", HEAD: "/v1/models", DELETE: "/v1/responses/resp_none" },
  ...{ POST: chat, OPTIONS: chat, WS: "/v1/responses" },
};
const question = JSON.stringify({
  model: "toy:1b",
  messages: [{ role: "user", content: "Hello?" }],
});

type Row = [
  method: string,
  host: string,
  origin: string,
  site: string,
  type: string,
  answer: string,
];
const rows = table
  .split("\n")
  .filter((line) => line.includes("|"))
  .slice(1)
  .map((line) => line.split("|").map((cell) => cell.trim()) as Row);

let network: TestNetwork;
beforeAll(async () => {
  network = await startTestNetwork(createFakeClock(), [undefined], {
    allowedOrigins: [origins["app"]!],
  });
});
afterAll(() => network[Symbol.asyncDispose]());

const upgrade = {
  connection: "upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": Buffer.alloc(16).toString("base64"),
};

function send([method, host, origin, site, type]: Row): Promise<{
  status: number;
  header(name: string): string | undefined;
}> {
  const { hostname, port } = new URL(network.sidecar.url);
  const headers = {
    host,
    ...(origin === "-" ? {} : { origin: origins[origin]! }),
    ...(site === "-" ? {} : { "sec-fetch-site": site }),
    ...(type === "-" ? {} : { "content-type": types[type]! }),
    ...(method === "OPTIONS" ? { "access-control-request-headers": "x-stainless-os, x-new" } : {}),
    ...(method === "WS" ? upgrade : {}),
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...{ hostname, port, headers, path: places[method]! },
      method: method === "WS" ? "GET" : method,
    });
    const take = (response: {
      statusCode?: number | undefined;
      headers: NodeJS.Dict<string | string[]>;
    }) =>
      resolve({
        status: response.statusCode!,
        header: (name) => response.headers[name] as string | undefined,
      });
    request.on("error", reject);
    request.on("response", (response) => {
      response.resume().on("end", () => take(response));
    });
    request.on("upgrade", (response, socket) => {
      take(response);
      socket.destroy();
    });
    request.end(method === "POST" ? question : undefined);
  });
}

test("there are forty rows at least", () => {
  expect(rows.length).toBeGreaterThanOrEqual(40);
});

test.each(rows)("%s | %s | %s | %s | %s → %s", async (...row) => {
  const [method, host, origin, , , answer] = row;
  const asked = () => network.worker.requests.length;
  const before = asked();
  const { status, header } = await send(row);
  expect(status).toBe(Number(answer));
  // What was refused has asked nobody.
  expect(asked() - before).toBe(method === "POST" && status === 200 ? 1 : 0);
  // Only a page that was allowed may read the answer, refusals of its request included.
  const mayRead = origin === "app" && host !== "evil.example:9000" && method !== "WS";
  expect(header("access-control-allow-origin")).toBe(mayRead ? origins["app"] : undefined);
  expect(header("access-control-allow-credentials")).toBeUndefined();
  if (status === 204) expect(header("access-control-allow-headers")).toBe("x-stainless-os, x-new");
});
