/** Bodies, sent byte by byte: what could be read in two ways, is too much or comes as something else is refused. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { protocolVersion } from "../../protocol/version.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import { booksAt, bytesOf, sendRaw, sendSigned } from "./raw-call.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
let databaseUrl: string;
let user: Signer;
let node: Signer;
beforeAll(async () => {
  databaseUrl = services.use(await createDatabase()).url;
  troop = services.use(await openCoordinator({ databaseUrl }));
  user = await makeSigner();
  node = await troop.serve(await makeSigner());
  await troop.call(user, "POST", "/users", {});
});
afterAll(() => services.disposeAsync());

const { anchor } = createSecretTree(new Uint8Array(32));
const wish = (fields: object = {}) =>
  JSON.stringify({ id: systemRandom.uuid(), model: "a-model:1b", anchor, ...fields });
const authorize = ["POST", "/authorize"] as const;
const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("of /authorize, from an account that may ask", () => {
  test.each<[string, string | Buffer, number, string, string | null]>([
    ["half an object", '{"id":', 400, "invalid_json", null],
    ["nothing", "", 400, "invalid_json", null],
    ["a byte order mark", `\ufeff${wish()}`, 400, "invalid_json", null],
    ["bad UTF-8", latin1(wish({ model: "\xff" })), 400, "invalid_json", null],
    ["two values", `${wish()} {}`, 400, "invalid_json", null],
    ["NaN", wish().replace(/"id":"[^"]*"/, '"id":NaN'), 400, "invalid_json", null],
    ["a key twice", '{"id":1,"id":2}', 400, "duplicate_key", null],
    ["a key twice, once escaped", String.raw`{"id":1,"\u0069d":2}`, 400, "duplicate_key", null],
    ["33 levels", "[".repeat(33) + "]".repeat(33), 400, "json_too_deep", null],
    ["a missing value", wish({ id: undefined }), 400, "invalid_value", "id"],
    ["a number too large", '{"id":1e400}', 400, "invalid_value", "id"],
    ["a NUL", wish({ model: "a\0b" }), 400, "invalid_value", "model"],
    ["half a pair", wish().replace("a-model", String.raw`\ud800`), 400, "invalid_value", "model"],
    ["a float for text", wish({ max_budget: 1.5 }), 400, "invalid_value", "max_budget"],
    ["less than none", wish({ max_budget: "-1.000000" }), 400, "invalid_value", "max_budget"],
    ["an unknown field", wish({ extra: 1 }), 400, "unknown_parameter", "extra"],
    ["a prototype", '{"__proto__":{"id":1}}', 400, "invalid_value", "id"],
    ["64 KiB and a byte", " ".repeat(65_537), 413, "request_too_large", null],
    ["17,000 values", `[${"1,".repeat(17_000)}1]`, 413, "request_too_large", null],
  ])("%s is refused, and moves nothing", async (_name, body, status, code, param) => {
    const before = await booksAt(databaseUrl);
    const answer = await sendSigned(troop, user, authorize, { body });
    expect([answer.status, answer.body.error.code, answer.body.error.param]).toEqual([
      ...[status, code, param],
    ]);
    expect(answer.body.request_id).toBe(answer.headers["x-request-id"]);
    expect(await booksAt(databaseUrl)).toBe(before);
  });

  test.each<[string, Record<string, string>]>([
    ["plain text", { "content-type": "text/plain" }],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["gzip", { "content-encoding": "gzip" }],
  ])("sent as %s is refused", async (_name, headers) => {
    const answer = await sendSigned(troop, user, authorize, { headers, body: wish() });
    expect([answer.status, answer.code]).toEqual([415, "unsupported_media_type"]);
  });

  test("in chunks is as good as one of a stated length, and no larger", async () => {
    const send = async (body: string) => {
      const dpop = await troop.proof(user, ...authorize, body);
      const head = bytesOf(...authorize, {
        headers: { dpop, "content-type": "application/json", "transfer-encoding": "chunked" },
      });
      const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      return sendRaw(troop.coordinator.url, Buffer.concat([head, Buffer.from(chunk)]));
    };
    expect((await send(wish())).status).toBe(200);
    expect(await send(" ".repeat(65_537))).toMatchObject({
      status: 413,
      code: "request_too_large",
    });
  });
});

describe("of a newer version", () => {
  const newer = { "troop-version": String(protocolVersion + 1) };
  test("may say more than is understood; what is understood still holds", async () => {
    const body = wish({ colour: "green" });
    expect((await sendSigned(troop, user, authorize, { body })).code).toBe("unknown_parameter");
    expect((await sendSigned(troop, user, authorize, { body, headers: newer })).status).toBe(200);
    const wrong = wish({ colour: "green", model: 1 });
    const answer = await sendSigned(troop, user, authorize, { body: wrong, headers: newer });
    expect([answer.code, answer.body.error.param]).toEqual(["invalid_value", "model"]);
  });

  test("is heeded within what a body holds, too", async () => {
    const beat = { ...beatOf({ counter: 2 }), slots: { active: 0, total: 2, warm: 1 } };
    const call = { body: JSON.stringify(beat) };
    const heartbeat = ["POST", "/heartbeat"] as const;
    expect(await sendSigned(troop, node, heartbeat, call)).toMatchObject({
      body: { error: { code: "unknown_parameter", param: "slots.warm" } },
    });
    const answer = await sendSigned(troop, node, heartbeat, { ...call, headers: newer });
    expect(answer.status).toBe(200);
  });
});

describe("of a heartbeat", () => {
  test.each<[string, object, number, string]>([
    ["a float for an integer", { started: 1.5 }, 400, "invalid_value"],
    ["less than none", { counter: -1 }, 400, "invalid_value"],
    ["a beat of a protocol that is over", { protocol: 0 }, 426, "upgrade_required"],
    ["256 KiB and more", { snapshot_id: "x".repeat(262_144) }, 413, "request_too_large"],
  ])("%s is refused", async (_name, fields, status, code) => {
    const body = JSON.stringify(beatOf({ counter: 3, ...fields }));
    const answer = await sendSigned(troop, node, ["POST", "/heartbeat"], { body });
    expect([answer.status, answer.code]).toEqual([status, code]);
  });
});
