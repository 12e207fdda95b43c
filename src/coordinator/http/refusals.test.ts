/** What each call is refused for, sent as bytes: its code, its status, and that no credit moved. */
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
import { booksAt, bytesOf, sendRaw, sendSigned } from "./raw-call.fixture.ts";

const services = new AsyncDisposableStack();
afterAll(() => services.disposeAsync());
let troop: TestCoordinator;
let databaseUrl: string;
let user: Signer;
let other: Signer;
/** Has starter credits left. */
let saver: Signer;
let node: Signer;
/** Nobody has heard of it. */
let stranger: Signer;
beforeAll(async () => {
  databaseUrl = services.use(await createDatabase()).url;
  const settings = { trustedProxies: ["127.0.0.1"], starterCredits: 20_000_000n };
  troop = services.use(await openCoordinator({ databaseUrl, ...settings }));
  [user, other, saver, stranger] = (await Promise.all(Array.from({ length: 4 }, makeSigner))) as [
    ...[Signer, Signer, Signer, Signer],
  ];
  node = await troop.serve(other);
  // A first ticket brings the starter credits, all of which it reserves.
  await troop.call(user, "POST", "/authorize", wish({ max_budget: "20.000000" }));
  await troop.call(saver, "POST", "/authorize", wish({ max_budget: "1.000000" }));
});

const { anchor } = createSecretTree(new Uint8Array(32));
const wish = (fields: object = {}) => ({
  ...{ id: systemRandom.uuid(), model: "a-model:1b", anchor },
  ...fields,
});
const gift = (fields: object = {}) => ({
  ...{ id: systemRandom.uuid(), to: other.id, amount: "1.000000" },
  ...fields,
});
const enrolment = async (by: Signer, fields: object) => ({
  enrolment: await troop.statement(by, "troop-enrolment+jwt", { owner: by.id, ...fields }),
});
const session = () => systemRandom.uuid();
const hash = "A".repeat(43);
const device = { prover: "reference", name: "d" };
const commit = () => ({ session: session(), root: hash, device });

type Case = [
  name: string,
  route: string,
  by: () => Signer,
  body: (() => object | Promise<object>) | undefined,
  status: number,
  code: string,
];
test.each<Case>([
  [
    "a model that nobody has",
    "POST /authorize",
    () => user,
    () => wish({ model: "x" }),
    404,
    "model_not_found",
  ],
  [
    "a node that is away",
    "POST /authorize",
    () => user,
    () => wish({ node: user.id }),
    503,
    "no_nodes_available",
  ],
  ["more than there is", "POST /authorize", () => user, () => wish(), 402, "insufficient_credits"],
  ["a gift to oneself", "POST /transfers", () => other, () => gift(), 400, "same_account"],
  ["starter credits", "POST /transfers", () => saver, () => gift(), 403, "not_transferable"],
  ["a gift by nobody", "POST /transfers", () => stranger, () => gift(), 404, "account_unknown"],
  ["a beat of no node", "POST /heartbeat", () => stranger, () => beatOf(), 404, "node_unknown"],
  [
    "an old beat",
    "POST /heartbeat",
    () => node,
    () => beatOf({ counter: 0 }),
    409,
    "stale_heartbeat",
  ],
  [
    "another's enrolment",
    "POST /nodes",
    () => stranger,
    () => enrolment(other, { node: node.id }),
    403,
    "node_key_mismatch",
  ],
  [
    "a forged enrolment",
    "POST /nodes",
    () => stranger,
    () => enrolment(stranger, { node: stranger.id, owner: other.id }),
    403,
    "invalid_enrolment",
  ],
  [
    "an answer to no challenge",
    "POST /hardware/commit",
    () => node,
    commit,
    400,
    "challenge_invalid",
  ],
  ["a proof of no node", "POST /hardware/commit", () => stranger, commit, 404, "node_unknown"],
  ["another's balance", "GET /users/:other/balance", () => user, undefined, 403, "not_owner"],
  [
    "nobody's balance",
    "GET /users/:stranger/balance",
    () => stranger,
    undefined,
    404,
    "account_unknown",
  ],
  [
    "no entries",
    "GET /users/:user/transactions?limit=0",
    () => user,
    undefined,
    400,
    "invalid_value",
  ],
  [
    "less than none",
    "GET /users/:user/transactions?limit=-1",
    () => user,
    undefined,
    400,
    "invalid_value",
  ],
  [
    "a milliard",
    "GET /users/:user/transactions?limit=1e9",
    () => user,
    undefined,
    400,
    "invalid_value",
  ],
])("%s: %s", async (_name, route, by, body, status, code) => {
  const names: Record<string, string> = { user: user.id, other: other.id, stranger: stranger.id };
  const [method = "", path = ""] = route
    .replace(/:(\w+)/, (_, name: string) => names[name]!)
    .split(" ");
  const sent = body && JSON.stringify(await body());
  const before = await booksAt(databaseUrl);
  const answer = await sendSigned(troop, by(), [method, path], { body: sent });
  expect([answer.status, answer.code]).toEqual([status, code]);
  if (status === 503) expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
  expect(await booksAt(databaseUrl)).toBe(before);
});

test("an id that was used with another body is 422, and the first answer stands", async () => {
  const first = wish({ max_budget: "0.020000", model: "a-model:1b" });
  const newcomer = await makeSigner();
  const authorize = ["POST", "/authorize"] as const;
  const send = (body: object) =>
    sendSigned(troop, newcomer, authorize, { body: JSON.stringify(body) });
  const given = await send({ ...first, max_budget: "20.000000" });
  const before = await booksAt(databaseUrl);
  expect((await send({ ...first, max_budget: "19.000000" })).code).toBe("idempotency_mismatch");
  expect((await send({ ...first, max_budget: "20.000000" })).body.ticket).toBe(given.body.ticket);
  expect(await booksAt(databaseUrl)).toBe(before);
});

describe("a proof", () => {
  const gifts = ["POST", "/transfers"] as const;
  const cases: [string, () => Promise<string | undefined>, string][] = [
    ["that is missing", async () => undefined, "missing_proof"],
    ["that is none", async () => "nonsense", "invalid_proof"],
    ["of another path", async () => troop.proof(user, "POST", "/users", "{}"), "invalid_proof"],
    ["of another body", async () => troop.proof(user, ...gifts, "{ }"), "body_hash_mismatch"],
    [
      "of half a minute ago",
      async () => {
        const made = await troop.proof(user, ...gifts, JSON.stringify(gift({ id: hash })));
        troop.clock.advance(31_000);
        return made;
      },
      "clock_skew",
    ],
  ];
  test.each(cases)("%s is 401, and moves nothing", async (_name, proof, code) => {
    const dpop = await proof();
    const before = await booksAt(databaseUrl);
    const call = { body: JSON.stringify(gift()), headers: dpop === undefined ? {} : { dpop } };
    const answer = await sendRaw(troop.coordinator.url, bytesOf(...gifts, call));
    expect([answer.status, answer.code]).toEqual([401, code]);
    if (code === "clock_skew") expect(answer.body.error.details.now).toBe(troop.clock.now());
    expect(await booksAt(databaseUrl)).toBe(before);
  });

  test("too many that do not verify are 429, with when to come again", async () => {
    const headers = { dpop: "nonsense", "x-forwarded-for": "203.0.113.7" };
    const bytes = bytesOf("GET", "/peers", { headers });
    for (let count = 0; count < 20; count += 1)
      expect((await sendRaw(troop.coordinator.url, bytes)).status).toBe(401);
    const answer = await sendRaw(troop.coordinator.url, bytes);
    expect([answer.status, answer.code]).toEqual([429, "rate_limit_exceeded"]);
    expect(answer.headers).toMatchObject({
      "retry-after": expect.stringMatching(/^\d+$/),
      "x-ratelimit-limit": "20",
      "x-ratelimit-remaining": "0",
    });
  });
});
