/** A coordinator whose Redis does not answer: what may move credits waits, reading goes on more slowly. */
import { expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import { makeSigner, openCoordinator } from "../coordinator.fixture.ts";

const elsewhere = { "x-forwarded-for": "203.0.113.7" };

test("without Redis nobody gets a ticket, joins or gives; balances are read at a quarter of the rate", async () => {
  await using database = await createDatabase();
  await using troop = await openCoordinator({
    ...{ databaseUrl: database.url, trustedProxies: ["127.0.0.1"] },
    // Nobody listens there.
    redisUrl: "redis://127.0.0.1:1",
  });
  const [user, friend] = [await makeSigner(), await makeSigner()];
  await troop.call(user, "POST", "/users", {});
  const { anchor } = createSecretTree(new Uint8Array(32));
  const id = systemRandom.uuid();
  const calls = [
    troop.call(user, "POST", "/authorize", { id, model: "a-model:1b", anchor }, elsewhere),
    troop.call(user, "POST", "/transfers", { id, to: friend.id, amount: "1.000000" }, elsewhere),
    troop.call(friend, "POST", "/users", {}, elsewhere),
  ];
  for (const { status, headers, body } of await Promise.all(calls)) {
    expect([status, body.error.code]).toEqual([503, "ledger_unavailable"]);
    expect(headers["retry-after"]).toBe("5");
  }
  const balance = await troop.call(user, "GET", `/users/${user.id}/balance`, undefined, elsewhere);
  expect([balance.status, balance.headers["x-ratelimit-limit"]]).toEqual([200, "150"]);
});
