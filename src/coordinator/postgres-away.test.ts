/** A coordinator whose PostgreSQL goes away and comes back: beats go on for a minute or two, money waits, and what was revoked meanwhile counts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../test/support/services.ts";
import { systemRandom } from "../base/random.ts";
import type { Signer } from "../protocol/signature.ts";
import { createSecretTree } from "../protocol/secrets.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "./coordinator.fixture.ts";
import { createMovedClock } from "./clock.fixture.ts";
import { operator } from "./operator/operator-desk.fixture.ts";
import { createWay } from "./way.fixture.ts";

const services = new AsyncDisposableStack();
const clock = createMovedClock();
/** Its way to PostgreSQL is cut; the other's is not. */
let troop: TestCoordinator;
let other: TestCoordinator;
let way: ReturnType<typeof createWay>;
let at: number;
beforeAll(async () => {
  const { url } = services.use(await createDatabase());
  const through = new URL(url);
  way = services.use(createWay(Number(through.port)));
  at = await way.open();
  through.port = String(at);
  const publicUrl = "http://127.0.0.1:1";
  troop = services.use(await openCoordinator({ databaseUrl: through.href, publicUrl }, clock));
  const settings = { databaseUrl: url, publicUrl, operator };
  other = services.use(await openCoordinator(settings as object, clock));
}, 60_000);
afterAll(() => services.disposeAsync());

const { anchor } = createSecretTree(new Uint8Array(32));
const wish = () => ({ id: systemRandom.uuid(), model: "a-model:1b", anchor });
const { snapshot: _, ...short } = beatOf();
let counter = 1;
const codeOf = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
  body.error?.code ?? status;
const beat = async (node: Signer) => {
  counter += 1;
  return codeOf(await troop.call(node, "POST", "/heartbeat", { ...short, counter }));
};
/** What a worker hears in so much time. */
const beatsFor = async (node: Signer, seconds: number) => {
  const heard = new Set<unknown>();
  for (let passed = 0; passed < seconds; passed += 10) {
    clock.advance(10_000);
    heard.add(await beat(node));
  }
  return [...heard];
};
const revoke = (kind: "users" | "nodes", id: string) =>
  other.coordinator.inject({
    ...{ method: "POST", url: `/admin/${kind}/${id}/revoke` },
    headers: { authorization: `Basic ${btoa(`admin:${operator.password}`)}` },
  });

test("nodes beat on while PostgreSQL is away for a minute, readers find them, and no credit moves", async () => {
  const [user, owner] = [await makeSigner(), await makeSigner()];
  const node = await troop.serve(owner);
  expect(codeOf(await troop.call(user, "POST", "/authorize", wish()))).toBe(200);
  // The worst moment: it would have been read anew with the next beat.
  await beatsFor(node, 50);
  expect(codeOf(await troop.call(user, "GET", "/peers"))).toBe(200);

  await way.cut();
  expect(await beatsFor(node, 60)).toEqual([200]);
  const { body } = await troop.call(user, "GET", "/peers");
  expect(body).toMatchObject({ count: 1, nodes: [{ node_id: node.id }] });
  for (const call of [
    troop.call(user, "POST", "/authorize", wish()),
    troop.call(user, "GET", `/users/${user.id}/balance`),
    troop.call(undefined, "POST", "/acknowledgements", {
      statements: [
        await troop.statement(user, "troop-acknowledgement+jwt", {
          ...{ hold: systemRandom.uuid(), lines: [{ k: 1, verdict: "not_received" }] },
        }),
      ],
    }),
  ])
    expect(codeOf(await call)).toBe("ledger_unavailable");

  // Two minutes after it was read.
  expect(await beatsFor(node, 10)).toEqual(["ledger_unavailable"]);
  expect(codeOf(await troop.call(user, "GET", "/peers"))).toBe("ledger_unavailable");
  await way.open(at);
  expect(await beatsFor(node, 10)).toEqual([200]);
  expect(codeOf(await troop.call(user, "POST", "/authorize", wish()))).toBe(200);
});

test("what is revoked elsewhere while the books are out of reach ends within two minutes, and at once when they are back", async () => {
  const [user, owner, another] = [await makeSigner(), await makeSigner(), await makeSigner()];
  const [node, second] = [await troop.serve(owner), await troop.serve(another)];
  await troop.call(user, "POST", "/users", {});
  expect(codeOf(await troop.call(user, "GET", "/peers"))).toBe(200);
  await way.cut();
  expect((await revoke("nodes", node.id)).statusCode).toBe(200);
  expect((await revoke("users", user.id)).statusCode).toBe(200);
  expect(codeOf(await troop.call(user, "GET", "/peers"))).toBe(200);
  expect(await beatsFor(node, 120)).toEqual([200, "ledger_unavailable"]);
  await way.open(at);
  clock.advance(10_000);
  expect([await beat(node), await beat(second)]).toEqual(["node_revoked", 200]);
  expect(codeOf(await troop.call(user, "GET", "/peers"))).toBe("account_revoked");
  // It is known by now, also when they are away once more.
  await way.cut();
  expect([await beat(node), codeOf(await troop.call(user, "GET", "/peers"))]).toEqual([
    ...["node_revoked", "ledger_unavailable"],
  ]);
  await way.open(at);
});

test("a server that takes connections and says nothing keeps no node from beating", async () => {
  const node = await troop.serve(await makeSigner());
  await way.cut();
  await using silent = createWay();
  await silent.open(at);
  expect(await beatsFor(node, 60)).toEqual([200]);
  await silent.cut();
  await way.open(at);
});
