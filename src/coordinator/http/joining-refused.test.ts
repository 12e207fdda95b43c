/** Who may not join, and whose machines are not taken in, as bytes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { limits } from "../../protocol/limits.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { CoordinatorConfig } from "../config.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import { sendSigned } from "./raw-call.fixture.ts";

const services = new AsyncDisposableStack();
let newcomer: Signer;
let other: Signer;
beforeAll(async () => {
  [newcomer, other] = [await makeSigner(), await makeSigner()];
});
afterAll(() => services.disposeAsync());

async function open(settings: Partial<CoordinatorConfig>): Promise<TestCoordinator> {
  const { url: databaseUrl } = services.use(await createDatabase());
  return services.use(await openCoordinator({ databaseUrl, ...settings }));
}
async function refusal(troop: TestCoordinator, by: Signer, path: string, body: object) {
  const call = { body: JSON.stringify(body) };
  const answer = await sendSigned(troop, by, ["POST", path], call);
  return { ...answer, refused: [answer.status, answer.code] };
}

const { anchor } = createSecretTree(new Uint8Array(32));
const wish = () => ({ id: systemRandom.uuid(), model: "a-model:1b", anchor });

test("where joining costs work, nothing else makes an account", async () => {
  const troop = await open({ joinPolicy: "work", joinWork: 2 });
  const asked = await refusal(troop, newcomer, "/users", {});
  expect(asked.refused).toEqual([403, "join_required"]);
  const { challenge } = asked.body.error.details;
  const others = await refusal(troop, other, "/users", { puzzle: { challenge, nonce: 0 } });
  expect(others.refused).toEqual([403, "puzzle_invalid"]);
  const invited = await refusal(troop, newcomer, "/users", { invite: "0000-0000-0000-0000" });
  expect(invited.refused).toEqual([403, "invite_invalid"]);
  for (const path of ["/authorize", "/users"])
    expect((await refusal(troop, newcomer, path, path === "/users" ? {} : wish())).refused).toEqual(
      [403, "join_required"],
    );
  const balance = await troop.call(newcomer, "GET", `/users/${newcomer.id}/balance`);
  expect(balance.body.error.code).toBe("account_unknown");
});

test("starter credits that are used up for the day are 402, and nothing is owed", async () => {
  const troop = await open({ faucetDaily: 0n });
  await troop.serve(other);
  const answer = await refusal(troop, newcomer, "/authorize", wish());
  expect(answer.refused).toEqual([402, "faucet_empty"]);
  const { body } = await troop.call(newcomer, "GET", `/users/${newcomer.id}/balance`);
  expect(body).toMatchObject({ balance: "0.000000", held: "0.000000" });
  expect(await troop.coordinator.auditLedger()).toEqual([]);
});

test("one machine more than an account may have, and one without an address that is listed", async () => {
  const troop = await open({});
  for (let count = 0; count < limits.nodesPerAccount; count += 1)
    expect((await troop.enrol(await makeSigner(), other)).status).toBe(200);
  const machine = await makeSigner();
  const enrolment = await troop.statement(other, "troop-enrolment+jwt", {
    ...{ node: machine.id, owner: other.id },
  });
  const tooMany = await refusal(troop, machine, "/nodes", { enrolment });
  expect(tooMany.refused).toEqual([403, "node_limit"]);

  const distant = await open({ addressPolicy: "loopback", trustedProxies: ["127.0.0.1"] });
  const node = await makeSigner();
  await distant.enrol(node, other);
  const body = JSON.stringify(beatOf());
  const answer = await sendSigned(distant, node, ["POST", "/heartbeat"], {
    ...{ body, headers: { "x-forwarded-for": "203.0.113.7" } },
  });
  expect([answer.status, answer.code]).toEqual([400, "invalid_address"]);
});
