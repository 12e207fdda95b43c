/** What newcomers and onlookers get over HTTP: starter credits by where they come from, and the tariff. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { tariffAnswer } from "../../protocol/offers.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";

const { anchor } = createSecretTree(new Uint8Array(32));
const resources = new AsyncDisposableStack();
let troop: TestCoordinator;
beforeAll(async () => {
  const service = resources.use(await createDatabase());
  const amounts = { starterCredits: 50_000_000n, faucetDaily: 900_000_000n };
  troop = resources.use(await openCoordinator({ databaseUrl: service.url, ...amounts }));
  await troop.serve(await makeSigner());
}, 60_000);
afterAll(() => resources.disposeAsync());

/** A newcomer's first ticket, asked for from this address. */
async function authorizeFrom(remoteAddress: string) {
  const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor };
  const payload = JSON.stringify(wish);
  const user = await makeSigner();
  const answer = await troop.coordinator.inject({
    ...{ method: "POST", url: "/authorize", payload, remoteAddress },
    headers: {
      "content-type": "application/json",
      dpop: await troop.proof(user, "POST", "/authorize", payload),
    },
  });
  return { code: answer.json().error?.code, wait: Number(answer.headers["retry-after"]) };
}

test("one source prefix gets ten newcomers' credits a day; who comes from elsewhere, or from here, the rest", async () => {
  const crowd = await Promise.all(
    Array.from({ length: 12 }, (_, host) => authorizeFrom(`203.0.113.${host}`)),
  );
  const empty = crowd.filter(({ code }) => code !== undefined);
  expect(empty.map(({ code }) => code)).toEqual(["faucet_empty", "faucet_empty"]);
  const untilTomorrow = 86_400 - Math.floor((troop.clock.now() / 1_000) % 86_400);
  for (const { wait } of empty) expect(Math.abs(wait - untilTomorrow)).toBeLessThanOrEqual(1);
  expect((await authorizeFrom("198.51.100.7")).code).toBeUndefined();
  expect((await authorizeFrom("2001:db8::7")).code).toBeUndefined();
  for (const here of ["127.0.0.1", "10.0.0.9", "100.64.0.9"])
    expect((await authorizeFrom(here)).code).toBeUndefined();
  expect(await troop.coordinator.auditLedger()).toEqual([]);
});

test("anybody may read what tokens cost, and how that is known", async () => {
  const { status, body } = await troop.call(undefined, "GET", "/tariff");
  expect(status).toBe(200);
  // 1.25 × 1 GB ÷ 360 GB/s, and a twentieth of it.
  expect(tariffAnswer.parse(body).models).toEqual([
    {
      model: "a-model:1b",
      per_prompt_token: "0.000173611112",
      per_completion_token: "0.003472222223",
      source: "size",
      ...{ lines: 0, owners: 0, requesters: 0, fitted_at: null },
    },
  ]);
});
