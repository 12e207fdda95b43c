/** Calls that take their time, or send much before anybody knows who they are. */
import type { Socket } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { limits } from "../../protocol/limits.ts";
import type { Signer } from "../../protocol/signature.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import { bytesOf, openCall, sendRaw, type OpenCall } from "./raw-call.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
let owner: Signer;
let node: Signer;
/** Begun before the others, since Node itself takes its ten seconds. */
let slowHeaders: OpenCall;
beforeAll(async () => {
  const { url } = services.use(await createDatabase());
  troop = services.use(
    await openCoordinator({
      databaseUrl: url,
      trustedProxies: ["127.0.0.1"],
      addressPolicy: "public",
    }),
  );
  slowHeaders = openCall(troop.coordinator.url, "GET /health HTTP/1.1\r\nhost: x\r\n");
  owner = await makeSigner();
  node = await troop.serve(owner);
});
afterAll(() => services.disposeAsync());

const from = (network: string) => ({ "x-forwarded-for": `${network}.7` });
const statements = (text: string) => JSON.stringify({ statements: [text] });
/** All but the last byte of a call. */
const unfinished = (bytes: Buffer) => openCall(troop.coordinator.url, bytes.subarray(0, -1));

test("a body that stops coming is 408, and the connection is closed", async () => {
  const { answer } = unfinished(bytesOf("POST", "/receipts", { body: statements("x") }));
  let isOver = false;
  void answer.then(() => (isOver = true));
  await vi.waitFor(
    () => {
      troop.clock.advance(limits.slowBodyMs);
      expect(isOver).toBe(true);
    },
    { timeout: 10_000 },
  );
  const { status, code, headers } = await answer;
  expect([status, code, headers["connection"]]).toEqual([408, "request_timeout", "close"]);
  const signer = await makeSigner();
  await troop.call(signer, "POST", "/users", {});
});

test("without a proof, or with one that does not hold, a call is refused before any of its body has come", async () => {
  const sendHead = (headers: Record<string, string>) => {
    const announced = { ...headers, "content-length": "3000000" };
    const head = bytesOf("POST", "/hardware/verify", { headers: announced, body: "" });
    return sendRaw(troop.coordinator.url, head);
  };
  const dpop = await troop.proof(node, "POST", "/elsewhere", "{}");
  expect(await sendHead({ dpop })).toMatchObject({ status: 401, code: "invalid_proof" });
  expect(await sendHead({})).toMatchObject({ status: 401, code: "missing_proof" });
});

test("strangers of one network hold 8 MiB at most; others of it who are known, and other networks, are served", async () => {
  const large = statements("x".repeat(limits.statementCallBytes - 20));
  const bytes = bytesOf("POST", "/receipts", { headers: from("203.0.113"), body: large });
  const held = new Set<Socket>();
  // Until they are all in, one of the small ones below may be in their way.
  const hold = () => {
    const { socket, answer } = unfinished(bytes);
    held.add(socket);
    void answer.then(() => held.delete(socket) && hold()).catch(() => undefined);
  };
  const count = limits.callerBytesInFlight / limits.statementCallBytes;
  for (let opened = 0; opened < count; opened += 1) hold();
  const small = (network: string) =>
    sendRaw(
      troop.coordinator.url,
      bytesOf("POST", "/receipts", { headers: from(network), body: statements("x".repeat(200)) }),
    );
  await vi.waitFor(
    async () => {
      const refused = await small("203.0.113");
      expect([refused.status, refused.code]).toEqual([429, "rate_limit_exceeded"]);
      expect(refused.headers["retry-after"]).toBe("5");
    },
    { timeout: 10_000, interval: 200 },
  );
  expect((await small("198.51.100")).status).toBe(200);
  const beat = JSON.stringify(beatOf({ counter: 2 }));
  const dpop = await troop.proof(node, "POST", "/heartbeat", beat);
  const known = bytesOf("POST", "/heartbeat", {
    headers: { dpop, ...from("203.0.113") },
    body: beat,
  });
  expect((await sendRaw(troop.coordinator.url, known)).status).toBe(200);
  const sockets = [...held];
  held.clear();
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(async () => expect((await small("203.0.113")).status).toBe(200), 10_000);
});

test("headers that stop coming are 408 after ten seconds, and the connection is closed", async () => {
  const { status, code } = await slowHeaders.answer;
  expect([status, code]).toEqual([408, "request_timeout"]);
});
