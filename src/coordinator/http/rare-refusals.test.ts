/** Refusals that take a proof under way or an operators' door, as bytes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { operator } from "../operator/operator-desk.fixture.ts";
import { askingNode, compute, createFineClock, smallest } from "../verification/proving.fixture.ts";
import { bytesOf, sendRaw, sendSigned } from "./raw-call.fixture.ts";

const services = new AsyncDisposableStack();
afterAll(() => services.disposeAsync());
let troop: TestCoordinator;
beforeAll(async () => {
  const { url: databaseUrl } = services.use(await createDatabase());
  const settings = { databaseUrl, proofs: smallest, operator };
  troop = services.use(await openCoordinator(settings, createFineClock()));
}, 60_000);

test("who answers another node's task is 403, at each step of it", async () => {
  const prover = await askingNode(troop, await makeSigner());
  const other = await troop.serve(await makeSigner());
  const challenge = await prover.challenge();
  const { session } = challenge;
  const { root, open } = await compute(challenge, other.id);
  const sent = (step: string, fields: object) =>
    sendSigned(troop, other, ["POST", `/hardware/${step}`], {
      body: JSON.stringify({ session, ...fields }),
    });
  const refused = { status: 403, code: "node_key_mismatch" };
  const device = { prover: "reference", name: "d" };
  expect(await sent("commit", { root, device })).toMatchObject(refused);
  const { body } = await prover.commit(challenge, root);
  expect(await sent("verify", { opening: await open(body.rows) })).toMatchObject(refused);
});

test("who does not say who they are is 401, and who guesses too often 429", async () => {
  const knock = (headers: Record<string, string> = {}) =>
    sendRaw(
      troop.coordinator.url,
      bytesOf("GET", "/admin/audit", { headers: { host: "127.0.0.1", ...headers } }),
    );
  expect(await knock()).toMatchObject({
    ...{ status: 401, code: "login_required" },
    headers: { "www-authenticate": expect.stringMatching(/^Basic realm=/) },
  });
  const authorization = `Basic ${Buffer.from("admin:a guess").toString("base64")}`;
  const guesses = [];
  for (let number = 0; number < 6; number += 1) guesses.push(await knock({ authorization }));
  expect(guesses[0]).toMatchObject({ status: 401, code: "login_required" });
  expect(guesses.at(-1)).toMatchObject({
    ...{ status: 429, code: "locked_out" },
    headers: { "retry-after": expect.stringMatching(/^\d+$/) },
  });
});
