/** Requests that two servers could read in two ways, sent byte by byte. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
beforeAll(async () => {
  const database = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: database.url }));
});
afterAll(() => services.disposeAsync());

describe("paths", () => {
  test.each([
    ["GET", "/nothing", 404, "not_found"],
    ["DELETE", "/users", 405, "method_not_allowed"],
    ["GET", "/authorize", 405, "method_not_allowed"],
    ["GET", "//health", 400, "invalid_path"],
    ["GET", "/users/%2e%2e/health", 400, "invalid_path"],
    ["GET", "/users/a%2fb/balance", 400, "invalid_path"],
    ["GET", "/users/%00/balance", 400, "invalid_path"],
    ["GET", "/users/%zz/balance", 400, "invalid_path"],
    ["GET", "/users/a\\b/balance", 400, "invalid_path"],
  ] as const)("%s %s: %i %s", async (method, path, status, code) => {
    const answer = await raw(`${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect([answer.status, answer.code]).toEqual([status, code]);
    if (status === 405) expect(answer.text.toLowerCase()).toContain("\r\nallow: ");
  });
});

describe("framing", () => {
  const post = "POST /users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
  test.each([
    [
      "length and chunks at once",
      `${post}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`,
      400,
    ],
    ["two lengths", `${post}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`, 400],
    ["two hosts", "GET /health HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", 400],
    [
      "two authorizations",
      "GET /health HTTP/1.1\r\nhost: x\r\nauthorization: a\r\nauthorization: b\r\n\r\n",
      400,
    ],
    ["a foreign absolute form", "GET http://elsewhere/health HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["HTTP/0.9", "GET /health\r\n\r\n", 400],
    ["no HTTP at all", "\x16\x03\x01\x02\r\n\r\n", 400],
    ["101 headers", `GET /health HTTP/1.1\r\nhost: x\r\n${"a: b\r\n".repeat(100)}\r\n`, 431],
    [
      "17 KiB of headers",
      `GET /health HTTP/1.1\r\nhost: x\r\na: ${"b".repeat(17_000)}\r\n\r\n`,
      431,
    ],
  ])("%s is refused and the connection closed", async (_name, text, status) => {
    const answer = await raw(text);
    expect(answer.status).toBe(status);
    expect(answer.code).toBe(status === 431 ? "headers_too_large" : "bad_framing");
    expect(answer.text.toLowerCase()).toContain("troop-time: ");
  });
});

/** Sends bytes as they are and reads until the server closes. */
function raw(text: string): Promise<{ status: number; code: string; text: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(troop.coordinator.url).port), "127.0.0.1");
    let received = "";
    socket.on("data", (bytes) => (received += bytes.toString()));
    socket.on("error", reject);
    socket.on("close", () => {
      const [head = "", body = "{}"] = received.split("\r\n\r\n");
      const { error } = JSON.parse(body) as { error?: { code: string } };
      resolve({ status: Number(head.split(" ")[1]), code: error?.code ?? "", text: received });
    });
    socket.write(text);
  });
}
