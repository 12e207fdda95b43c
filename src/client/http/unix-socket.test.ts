/** The local API on a Unix socket: for its owner, and for nobody else. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { startTestNetwork } from "../fixtures/sidecar.fixture.ts";
import { addKey } from "../spending/keys.fixture.ts";

let folder: string;
let socketPath: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troop-socket-test-"));
  socketPath = join(folder, "api.sock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = (settings: object = {}) =>
  startTestNetwork(createFakeClock(), [undefined], { socket: socketPath, ...settings });

interface Sent {
  method?: string;
  path: string;
  body?: object;
  headers?: Record<string, string>;
}

function send({ body, headers, ...rest }: Sent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ socketPath, headers: { host: "localhost", ...headers }, ...rest });
    asked.on("error", reject);
    asked.on("response", (response) => {
      void text(response).then((read) => resolve({ status: response.statusCode!, body: read }));
    });
    asked.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode!, body: "" });
    });
    asked.end(body && JSON.stringify(body));
  });
}

const question = { model: "toy:1b", messages: [{ role: "user", content: "Hello?" }] };
const upgrade = {
  ...{ connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
  "sec-websocket-key": Buffer.alloc(16).toString("base64"),
};

test("it answers as the port does, without the key that the port asks for", async () => {
  await using network = await start({ apiKey: "secret" });
  expect((await fetch(`${network.sidecar.url}/v1/models`)).status).toBe(401);
  expect((await send({ path: "/v1/models" })).status).toBe(200);
  const path = "/v1/chat/completions";
  const answer = await send({ method: "POST", path, body: { ...question, stream: true } });
  expect(answer.body).toMatch(/"content":"Hello"[^]*data: \[DONE\]/);
  expect((await send({ path: "/v1/responses", headers: upgrade })).status).toBe(101);
});

test("a key that an application is known by names it here too", async () => {
  const dataFolder = join(folder, "client");
  mkdirSync(dataFolder);
  await using _network = await start({ apiKey: "secret", dataFolder });
  const headers = { "x-api-key": addKey(dataFolder, "editor", { daily: 0n }) };
  const asked = { method: "POST", path: "/v1/chat/completions", body: question };
  expect((await send({ ...asked, headers })).status).toBe(402);
  expect((await send(asked)).status).toBe(200);
});

test("pages that got there by some proxy are refused all the same", async () => {
  await using _network = await start();
  const evil = { origin: "https://evil.example" };
  expect((await send({ path: "/v1/models", headers: evil })).status).toBe(403);
  const rebound = { host: "evil.example" };
  expect((await send({ path: "/v1/models", headers: rebound })).status).toBe(403);
  const socket = { ...upgrade, ...evil };
  expect((await send({ path: "/v1/responses", headers: socket })).status).toBe(403);
});

test("only its owner may open it, from its first moment on, and it goes with the sidecar", async () => {
  const before = process.umask();
  {
    await using _network = await start();
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(before);
  }
  expect(statSync(socketPath, { throwIfNoEntry: false })).toBeUndefined();
});

test("one that a killed sidecar left is replaced; what is no socket is left alone", async () => {
  const server = createServer().listen(socketPath);
  await once(server, "listening");
  {
    await using _network = await start();
    expect((await send({ path: "/health" })).status).toBe(200);
  }
  server.close();
  writeFileSync(socketPath, "mine");
  const failure = { code: "configuration_invalid", param: "PROXY_SOCKET" };
  await expect(start()).rejects.toMatchObject(failure);
  await expect(start({ socket: join(folder, "none", "x.sock") })).rejects.toMatchObject(failure);
  await expect(start({ socket: `/tmp/${"x".repeat(110)}` })).rejects.toMatchObject(failure);
});
