/** Proofs: what the control plane refuses, one code each, and what it says about itself. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
let user: Signer;
let owner: Signer;
let node: Signer;
beforeAll(async () => {
  const database = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: database.url }));
  [user, owner] = [await makeSigner(), await makeSigner()];
  node = await troop.serve(owner);
  await troop.call(user, "POST", "/users", {});
});
afterAll(() => services.disposeAsync());

const anchor = createSecretTree(new Uint8Array(32)).anchor;
const wish = (fields: object = {}) => ({
  id: systemRandom.uuid(),
  model: "a-model:1b",
  anchor,
  ...fields,
});

describe("proofs", () => {
  const cases: Record<string, () => Promise<[string, string | undefined]>> = {
    "none at all": async () => ["missing_proof", undefined],
    "not a JWS": async () => ["invalid_proof", "nonsense"],
    "for another path": async () => [
      "invalid_proof",
      await troop.proof(user, "POST", "/nodes", "{}"),
    ],
    "for another method": async () => [
      "invalid_proof",
      await troop.proof(user, "GET", "/users", "{}"),
    ],
    "for another body": async () => [
      "body_hash_mismatch",
      await troop.proof(user, "POST", "/users", "{ }"),
    ],
    "for no body": async () => ["body_hash_mismatch", await troop.proof(user, "POST", "/users")],
    "with another signature": async () => {
      const parts = (await troop.proof(user, "POST", "/users", "{}")).split(".");
      const other = (await troop.proof(owner, "POST", "/users", "{}")).split(".");
      return ["invalid_proof", [parts[0], parts[1], other[2]].join(".")];
    },
    "signed for another purpose": async () => [
      "invalid_proof",
      await user.sign("troop-receipt+jwt", {}),
    ],
  };
  test.each(Object.keys(cases))("%s is refused with its code", async (name) => {
    const [code, proof] = await cases[name]!();
    const headers: Record<string, string> = proof === undefined ? {} : { dpop: proof };
    const answer = await troop.call(undefined, "POST", "/users", "{}", headers);
    expect([answer.status, answer.body.error.code]).toEqual([401, code]);
  });

  test("made half a minute ago is refused with the time here, one of now is not", async () => {
    const proof = await troop.proof(user, "POST", "/users", "{}");
    troop.clock.advance(32_000);
    const late = await troop.call(undefined, "POST", "/users", "{}", { dpop: proof });
    expect(late.body.error).toMatchObject({
      code: "clock_skew",
      details: { now: troop.clock.now() },
    });
    expect(late.headers["troop-time"]).toBe(String(troop.clock.now()));
    expect((await troop.call(user, "POST", "/users", {})).status).toBe(200);
    await troop.call(node, "POST", "/heartbeat", beatOf({ counter: 2 }));
  });
});

test("nothing of the input comes back in an error", async () => {
  const mark = "m4rk-that-must-not-return";
  const answer = await troop.call(
    user,
    "POST",
    "/authorize",
    wish({ model: [mark], [`${mark} x`]: 1 }),
  );
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).not.toContain(mark);
});

test("at the root is what answers here, and browsers are led to the page", async () => {
  const at = (url: string, accept: string) =>
    troop.coordinator.inject({ method: "GET", url, headers: { accept } });
  const body = (await at("/", "*/*")).json();
  expect(body).toMatchObject({ service: "monkey-troop-coordinator", version: expect.any(String) });
  for (const link of Object.values<string>(body.links))
    expect((await at(link, "*/*")).statusCode).toBe(200);
  const led = await at("/", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
  expect(led).toMatchObject({ statusCode: 302, headers: { location: "docs", vary: "accept" } });
});

test("the OpenAPI document names every route, with the schemas that validate", async () => {
  const { body } = await troop.call(undefined, "GET", "/openapi.json");
  expect(body.openapi).toBe("3.1.0");
  expect(Object.keys(body.paths).toSorted()).toEqual([
    "/",
    "/.well-known/jwks.json",
    "/acknowledgements",
    "/authorize",
    "/demand",
    "/hardware/challenge",
    "/hardware/commit",
    "/hardware/next",
    "/hardware/verify",
    "/health",
    "/health/ready",
    "/heartbeat",
    "/nodes",
    "/nodes/{id}",
    "/nodes/{id}/reputation",
    "/peers",
    "/public-key",
    "/receipts",
    "/relay/{node}/infer",
    "/stats",
    "/tariff",
    "/transactions/submit",
    "/transfers",
    "/users",
    "/users/{id}/balance",
    "/users/{id}/keys",
    "/users/{id}/keys/{key}",
    "/users/{id}/transactions",
    "/v1/models",
  ]);
  const schema = body.paths["/authorize"].post.requestBody.content["application/json"].schema;
  expect(schema.required).toEqual(["id", "model", "anchor"]);
});
