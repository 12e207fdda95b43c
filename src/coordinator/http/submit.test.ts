/** `POST /transactions/submit` as a node without signatures uses it, and everything that it refuses. */
import { createHmac } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import { type Database, openDatabase } from "../database.ts";

const tree = createSecretTree(new Uint8Array(32).fill(5));
const resources = new AsyncDisposableStack();
let troop: TestCoordinator;
let books: Database;
let node: Signer;
let key: string;

const enrol = async (signer: Signer, owner: Signer, wish: object) =>
  troop.call(signer, "POST", "/nodes", {
    enrolment: await troop.statement(owner, "troop-enrolment+jwt", {
      node: signer.id,
      owner: owner.id,
    }),
    ...wish,
  });

beforeAll(async () => {
  const service = resources.use(await createDatabase());
  const settings = { databaseUrl: service.url, hmacSecret: "a secret of the operator's own" };
  troop = resources.use(await openCoordinator(settings));
  const config = { url: service.url, folder: undefined, poolSize: 1 };
  books = resources.adopt(await openDatabase(config, createLog("silent")), (opened) =>
    opened.destroy(),
  );
  node = await makeSigner();
  key = (await enrol(node, await makeSigner(), { hmac_receipts: true })).body.receipt_key;
  await troop.call(node, "POST", "/heartbeat", beatOf());
}, 60_000);
afterAll(() => resources.disposeAsync());

async function openHold(): Promise<string> {
  const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor: tree.anchor };
  return (await troop.call(await makeSigner(), "POST", "/authorize", wish)).body.hold;
}

interface Fields {
  job_id: string;
  node_id?: string;
  duration_seconds?: unknown;
  key?: string;
  signature?: string;
  proof?: unknown;
}
function submit({ job_id, node_id = node.id, duration_seconds = 4, ...fields }: Fields) {
  const signature =
    fields.signature ??
    createHmac("sha256", Buffer.from(fields.key ?? key, "hex"))
      .update(`${job_id}:${node_id}:${String(duration_seconds)}`)
      .digest("hex");
  const { proof = tree.reveal(9) } = fields;
  const body = { job_id, node_id, duration_seconds, signature, proof };
  return troop.call(undefined, "POST", "/transactions/submit", body);
}

test("a node that asks for it gets a key of its own, and is paid for its seconds in a day", async () => {
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  const job_id = await openHold();
  const answer = { status: 200, body: { job_id, outcome: "vesting", paid: "0.200000" } };
  expect(await submit({ job_id })).toMatchObject(answer);
  expect(await submit({ job_id })).toMatchObject(answer);
  expect(await troop.coordinator.auditLedger()).toEqual([]);
});

test("a node that another coordinator took it from is not paid by what is remembered of it", async () => {
  const job_id = await openHold();
  const allow = (isAllowed: boolean) =>
    sql`update node set hmac_receipts = ${isAllowed} where id = ${node.id}`.execute(books);
  await allow(false);
  expect(await submit({ job_id })).toMatchObject({
    ...{ status: 401, body: { error: { code: "invalid_signature" } } },
  });
  await allow(true);
  expect(await submit({ job_id })).toMatchObject({ status: 200 });
});

test("a node that does not ask for it gets no key, and what it sends is refused", async () => {
  const [other, owner] = [await makeSigner(), await makeSigner()];
  expect((await enrol(other, owner, {})).body).not.toHaveProperty("receipt_key");
  const withKey = (await enrol(other, owner, { hmac_receipts: true })).body.receipt_key;
  expect(withKey).not.toBe(key);
  await enrol(other, owner, {});
  const job_id = await openHold();
  const refused = await submit({ job_id, node_id: other.id, key: withKey });
  expect(refused).toMatchObject({ status: 401, body: { error: { code: "invalid_signature" } } });
});

describe("refused", () => {
  test.each<[string, Omit<Fields, "job_id">, number, string]>([
    ["another key", { key: "ab".repeat(32) }, 401, "invalid_signature"],
    ["a node that there is not", { node_id: "A".repeat(43) }, 401, "invalid_signature"],
    ["no hexadecimal", { signature: "z".repeat(64) }, 400, "invalid_value"],
    ["half a signature", { signature: "ab".repeat(16) }, 400, "invalid_value"],
    ["no seconds", { duration_seconds: 0 }, 400, "invalid_value"],
    ["too many seconds", { duration_seconds: 301 }, 400, "invalid_value"],
    ["parts of seconds", { duration_seconds: 1.5 }, 400, "invalid_value"],
    ["no proof", { proof: null }, 400, "invalid_value"],
    [
      "the proof of another number",
      { proof: { ...tree.reveal(9), k: 8 } },
      401,
      "request_unproven",
    ],
  ])("%s", async (_name, fields, status, code) => {
    const job_id = await openHold();
    expect(await submit({ job_id, ...fields })).toMatchObject({
      status,
      body: { error: { code } },
    });
  });

  test("a hold that there is not", async () => {
    const job_id = systemRandom.uuid();
    expect(await submit({ job_id })).toMatchObject({ status: 404 });
  });

  test("a second receipt for a hold", async () => {
    const job_id = await openHold();
    await submit({ job_id });
    const second = await submit({ job_id, duration_seconds: 5 });
    expect(second).toMatchObject({ status: 409, body: { error: { code: "receipt_conflict" } } });
  });

  test("seconds that the signature is not for", async () => {
    const job_id = await openHold();
    const signature = createHmac("sha256", Buffer.from(key, "hex"))
      .update(`${job_id}:${node.id}:4`)
      .digest("hex");
    expect(await submit({ job_id, duration_seconds: 5, signature })).toMatchObject({ status: 401 });
  });
});

test("where the operator did not ask for them, there is no such path, and no key is given out", async () => {
  await using service = await createDatabase();
  await using usual = await openCoordinator({ databaseUrl: service.url });
  const [signer, owner] = [await makeSigner(), await makeSigner()];
  const enrolment = await usual.statement(owner, "troop-enrolment+jwt", {
    ...{ node: signer.id, owner: owner.id },
  });
  const enrolled = await usual.call(signer, "POST", "/nodes", { enrolment, hmac_receipts: true });
  expect(enrolled.body).not.toHaveProperty("receipt_key");
  const body = { job_id: systemRandom.uuid(), node_id: signer.id, duration_seconds: 1 };
  const answer = await usual.call(undefined, "POST", "/transactions/submit", {
    ...{ ...body, signature: "ab".repeat(32), proof: tree.reveal(1) },
  });
  expect(answer).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
});
