/** Two coordinators of one network, calls alternating between them: whatever was used at one is known at the other. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createDatabase, createRedisDatabase } from "../../test/support/services.ts";
import { systemRandom } from "../base/random.ts";
import { lineHash, type Line } from "../protocol/receipt.ts";
import { someHashes } from "../protocol/receipt.fixture.ts";
import { solvePuzzle } from "../protocol/puzzle.ts";
import { createSecretTree } from "../protocol/secrets.ts";
import type { Signer } from "../protocol/signature.ts";
import { checkTicket, ticketKeys } from "../protocol/ticket.ts";
import { createMovedClock } from "./clock.fixture.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "./coordinator.fixture.ts";

const services = new AsyncDisposableStack();
let one: TestCoordinator;
let other: TestCoordinator;
let node: Signer;
beforeAll(async () => {
  const database = services.use(await createDatabase());
  const redis = services.use(await createRedisDatabase());
  const settings = {
    ...{ databaseUrl: database.url, redisUrl: redis.url, publicUrl: "http://127.0.0.1:1" },
    ...{ joinPolicy: "work" as const, joinWork: 3 },
  };
  const clock = createMovedClock();
  // Both at once, on a database that has nothing in it yet.
  [one, other] = await Promise.all([
    openCoordinator(settings, clock),
    openCoordinator(settings, clock),
  ]);
  services.use(one);
  services.use(other);
  const owner = await member();
  node = await one.serve(owner);
  const reader = await member();
  const isHeardOf = async () => (await other.call(reader, "GET", "/peers")).body.count === 1;
  await vi.waitUntil(isHeardOf, { timeout: 20_000 });
}, 60_000);
afterAll(() => services.disposeAsync());

/** One who has joined: the challenge is of one coordinator, and its answer is taken by the other. */
async function member(): Promise<Signer> {
  const signer = await makeSigner();
  const asked = await one.call(signer, "POST", "/users", {});
  const puzzle = await solvePuzzle(asked.body.error.details.challenge, {
    ...{ work: 3, parallel: 1, signal: new AbortController().signal },
  });
  const joined = await other.call(signer, "POST", "/users", { puzzle });
  expect(joined.body).toMatchObject({ created: true });
  return signer;
}

const tree = createSecretTree(systemRandom.bytes(32));
const wishOf = (id: string) => ({ id, model: "a-model:1b", anchor: tree.anchor });

test("a ticket's id that was used at one gives the same ticket at the other, and no second one", async () => {
  const user = await member();
  const wish = wishOf(systemRandom.uuid());
  const first = await one.call(user, "POST", "/authorize", wish);
  const again = await other.call(user, "POST", "/authorize", wish);
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(again.body).toEqual(first.body);
  const changed = await other.call(user, "POST", "/authorize", { ...wish, max_budget: "1.000000" });
  expect([changed.status, changed.body.error.code]).toEqual([422, "idempotency_mismatch"]);
  const { body } = await one.call(user, "GET", `/users/${user.id}/balance`);
  expect(body.held).toBe(first.body.budget);
});

test("a key that was revoked at one gets no ticket at the other, which has just served it", async () => {
  const [user, key] = [await member(), await makeSigner()];
  const code = await one.statement(key, "troop-link+jwt", { account: user.id });
  await one.call(user, "POST", `/users/${user.id}/keys`, { code });
  expect((await other.call(key, "GET", `/users/${user.id}/balance`)).status).toBe(200);
  await one.call(user, "DELETE", `/users/${user.id}/keys/${key.id}`);
  const refused = await other.call(key, "POST", "/authorize", wishOf(systemRandom.uuid()));
  expect(refused.body.error.code).toBe("invalid_proof");
});

test("a ticket of one verifies with the other's keys, in both ways that they are published", async () => {
  const user = await member();
  const { ticket } = (await one.call(user, "POST", "/authorize", wishOf(systemRandom.uuid()))).body;
  const keys = await other.call(undefined, "GET", "/.well-known/jwks.json");
  const expected = { issuer: "http://127.0.0.1:1", node: node.id, now: one.clock.now() };
  expect(await checkTicket(ticketKeys(keys.body), ticket, expected)).toMatchObject({ own: false });
  const [mine, theirs] = [one, other].map((troop) => troop.call(undefined, "GET", "/public-key"));
  expect((await theirs!).body).toEqual((await mine!).body);
});

test("receipts and words that are told to both are settled once, whichever hears them first", async () => {
  const user = await member();
  const { hold } = (await other.call(user, "POST", "/authorize", wishOf(systemRandom.uuid()))).body;
  const line: Line = {
    ...tree.reveal(1),
    ...{ started: 1, ended: 2, billed_ms: 10_000, first_token_ms: null },
    ...{ prompt_tokens: 90_000, completion_tokens: 90_000, estimated: false },
    ...{ finish: "stop", cost: "0.500000", ...someHashes },
  };
  const figures = { billed_ms: 10_000, prompt_tokens: 90_000, completion_tokens: 90_000 };
  const word = { k: 1, verdict: "ok", line_hash: lineHash(line), ...figures };
  const receipt = await one.statement(node, "troop-receipt+jwt", { hold, lines: [line] });
  const said = await one.statement(user, "troop-acknowledgement+jwt", { hold, lines: [word] });
  const tell = (troop: TestCoordinator, path: string, statement: string) =>
    troop.call(undefined, "POST", path, { statements: [statement] });
  await Promise.all([
    ...[one, other].map((troop) => tell(troop, "/receipts", receipt)),
    ...[one, other].map((troop) => tell(troop, "/acknowledgements", said)),
  ]);
  for (const troop of [one, other])
    expect((await tell(troop, "/receipts", receipt)).body.outcomes[0].lines).toEqual([
      { k: 1, outcome: "settled", paid: "0.500000" },
    ]);
  const { body } = await other.call(user, "GET", `/users/${user.id}/balance`);
  expect(body.balance).toBe("999.500000");
  expect(await one.coordinator.auditLedger()).toEqual([]);
});

test("a heartbeat that one has taken in is an old one at the other", async () => {
  expect((await other.call(node, "POST", "/heartbeat", beatOf({ counter: 7 }))).status).toBe(200);
  const replayed = await one.call(node, "POST", "/heartbeat", beatOf({ counter: 7 }));
  expect([replayed.status, replayed.body.error.details]).toEqual([409, { started: 1, counter: 7 }]);
});
