/** A coordinator whose Redis goes away and comes back with nothing in it: what goes on meanwhile, and what waits. */
import { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import { createDatabase, createRedisDatabase } from "../../test/support/services.ts";
import { systemRandom } from "../base/random.ts";
import { createSecretTree } from "../protocol/secrets.ts";
import { beatOf, makeSigner, openCoordinator } from "./coordinator.fixture.ts";
import { createWay } from "./way.fixture.ts";

const patience = { timeout: 10_000, interval: 50 };
const elsewhere = { "x-forwarded-for": "203.0.113.7" };
const { anchor } = createSecretTree(new Uint8Array(32));
const wish = () => ({ id: systemRandom.uuid(), model: "a-model:1b", anchor });

test("without Redis nodes are found and beat on, money waits; with it all is as before, without a restart", async () => {
  await using database = await createDatabase();
  await using service = await createRedisDatabase();
  const { port, pathname } = new URL(service.url);
  await using way = createWay(Number(port));
  const at = await way.open();
  await using troop = await openCoordinator({
    ...{ databaseUrl: database.url, redisUrl: `redis://127.0.0.1:${at}${pathname}` },
    trustedProxies: ["127.0.0.1"],
  });
  const [user, owner] = [await makeSigner(), await makeSigner()];
  const node = await troop.serve(owner);
  await troop.call(user, "POST", "/users", {});
  const authorize = () => troop.call(user, "POST", "/authorize", wish(), elsewhere);
  expect((await authorize()).status).toBe(200);
  const { snapshot: _, ...short } = beatOf();
  let counter = 1;
  /** As often as a worker does it, for a minute. */
  const aMinute = async () => {
    for (let beats = 0; beats < 6; beats += 1) {
      troop.clock.advance(10_000);
      counter += 1;
      const { status, body } = await troop.call(node, "POST", "/heartbeat", { ...short, counter });
      expect([status, body.resend]).toEqual([200, false]);
    }
  };
  const found = async () => {
    const { body } = await troop.call(user, "GET", "/peers?model=a-model:1b", undefined, elsewhere);
    expect(body).toMatchObject({ count: 1, nodes: [{ node_id: node.id }] });
  };

  await way.cut();
  await aMinute();
  await found();
  const refused = await authorize();
  expect([refused.status, refused.body.error.code]).toEqual([503, "ledger_unavailable"]);

  const redis = new Redis(service.url);
  await redis.flushdb();
  redis.disconnect();
  await way.open(at);
  await vi.waitFor(async () => expect((await authorize()).status).toBe(200), patience);
  await aMinute();
  await found();
});
