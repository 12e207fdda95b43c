/** Requests that two servers could read in two ways, sent byte by byte. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { bytesOf, sendRaw } from "./raw-call.fixture.ts";

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
    const call = `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
    const answer = await sendRaw(troop.coordinator.url, call);
    expect([answer.status, answer.code]).toEqual([status, code]);
    if (status === 405) expect(answer.headers["allow"]).toMatch(/^[A-Z, ]+$/);
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
    const answer = await sendRaw(troop.coordinator.url, text);
    expect(answer.status).toBe(status);
    expect(answer.code).toBe(status === 431 ? "headers_too_large" : "bad_framing");
    expect(answer.headers["troop-time"]).toMatch(/^\d+$/);
  });
});

test("an expectation that nobody has heard of changes nothing", async () => {
  const call = bytesOf("GET", "/health", { headers: { expect: "a miracle" } });
  expect((await sendRaw(troop.coordinator.url, call)).status).toBe(200);
});
