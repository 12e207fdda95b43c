/** A session of a proof: who may answer it, once, in time; and what a verdict changes for the node. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import type { Signer } from "../../protocol/signature.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import {
  askingNode,
  compute,
  createFineClock,
  fastMs,
  multiplierAt,
  type Prover,
  proverOf,
  smallest,
} from "./proving.fixture.ts";

const fast = multiplierAt(fastMs);
const day = 24 * 3_600_000;
const refusal = (code: string) => ({ body: { error: { code } } });

let service: TestService;
let network: TestCoordinator;
let owner: Signer;
let prover: Prover;
beforeAll(async () => {
  service = await createDatabase();
  network = await openCoordinator(
    { databaseUrl: service.url, proofs: smallest },
    createFineClock(),
  );
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});
beforeEach(async () => {
  owner = await makeSigner();
  prover = await askingNode(network, owner);
});

const standingOf = async (node: Signer) =>
  (await network.call(owner, "GET", `/nodes/${node.id}`)).body;
const peers = async (): Promise<{ node_id: string; multiplier: string; provenance: string }[]> =>
  (await network.call(owner, "GET", "/peers")).body.nodes;
const listed = async (node: Signer) => (await peers()).find(({ node_id }) => node_id === node.id);

describe("an honest node", () => {
  test("is told to stand by first, and again while requests run", async () => {
    const idle = await prover.beat({ status: "IDLE" });
    expect(idle.challenge).toEqual({ kind: "stand_by" });
    const busy = await prover.beat({ slots: { active: 1, total: 2 } });
    expect(busy.challenge).toEqual({ kind: "stand_by" });
    expect((await prover.beat()).challenge).toMatchObject({ kind: "chain", n: 256 });
  });

  test("is left alone while it serves requests, unless it has been due for a day", async () => {
    const serving = { status: "BUSY", slots: { active: 1, total: 2 } } as const;
    expect(await prover.beat(serving)).not.toHaveProperty("challenge");
    network.clock.advance(day);
    expect((await prover.beat(serving)).challenge).toEqual({ kind: "stand_by" });
  });

  test("counts as what it has shown, in the next beat's answer and in lists", async () => {
    expect(await standingOf(prover.node)).toMatchObject({ provenance: "unproven", age_ms: null });
    const multiplier = await prover.prove();
    expect(multiplier).toBe(fast);
    network.clock.advance(1_000);
    await prover.beat({ status: "IDLE" });
    expect(await listed(prover.node)).toMatchObject({ multiplier, provenance: "proven" });
    expect(await standingOf(prover.node)).toMatchObject({
      ...{ multiplier, provenance: "proven", age_ms: 1_000, missed: 0, quarantined_until: null },
    });
  });

  test("which proved itself is not tried again because it asks", async () => {
    await prover.prove();
    network.clock.advance(3_600_000);
    const { body } = await network.call(prover.node, "POST", "/hardware/challenge", {});
    expect(body).toMatchObject({ provenance: "proven", due_at: null });
    expect(await prover.beat({ status: "IDLE" })).not.toHaveProperty("challenge");
  });

  test("is tried again once its hardware is another", async () => {
    const { snapshot } = beatOf();
    await prover.beat({ status: "IDLE", snapshot: snapshot! });
    await prover.prove();
    const changed = { ...snapshot!, hardware: { ...snapshot!.hardware, cores: 64 } };
    expect(await prover.beat({ status: "IDLE", snapshot: changed })).not.toHaveProperty(
      "challenge",
    );
    // Who says something new each minute does not choose the best of many times, nor keep others from work.
    expect(await prover.beat({ status: "IDLE" })).not.toHaveProperty("challenge");
    network.clock.advance(3_600_000);
    const { challenge } = await prover.beat({ status: "IDLE" });
    expect(challenge).toEqual({ kind: "stand_by" });
  });
});

describe("an answer", () => {
  test("of another node is refused, and so is one that another node computed", async () => {
    const other = proverOf(network, await network.serve(await makeSigner()));
    const challenge = await prover.challenge();
    const { root, open } = await compute(challenge, other.node.id);
    expect(await other.commit(challenge, root)).toMatchObject({
      ...{ status: 403, ...refusal("node_key_mismatch") },
    });
    const { body } = await prover.commit(challenge, root);
    const opening = await open(body.rows);
    expect(await other.verify(challenge, opening)).toMatchObject({ status: 403 });
    expect((await prover.verify(challenge, opening)).body).toMatchObject({ outcome: "wrong" });
  });

  test("counts once, commitment and opening alike", async () => {
    const challenge = await prover.challenge();
    network.clock.advance(fastMs);
    const { root, open } = await compute(challenge, prover.node.id);
    const { body } = await prover.commit(challenge, root);
    expect(await prover.commit(challenge, root)).toMatchObject(refusal("challenge_invalid"));
    const opening = await open(body.rows);
    expect((await prover.verify(challenge, opening)).body.outcome).toBe("passed");
    expect(await prover.verify(challenge, opening)).toMatchObject(refusal("challenge_invalid"));
    const later = await prover.challenge();
    expect(later.session).not.toBe(challenge.session);
    expect(later.seed).not.toBe(challenge.seed);
  });

  test("to no session at all is refused", async () => {
    const challenge = { ...(await prover.challenge()), session: crypto.randomUUID() };
    const { root } = await compute(challenge, prover.node.id);
    expect(await prover.commit(challenge, root)).toMatchObject(refusal("challenge_invalid"));
  });

  test("that comes too late fails the trial, and so does none", async () => {
    const challenge = await prover.challenge();
    const { root } = await compute(challenge, prover.node.id);
    network.clock.advance(15_001);
    expect(await prover.commit(challenge, root)).toMatchObject(refusal("challenge_invalid"));
    expect(await prover.beat()).not.toHaveProperty("challenge");

    network.clock.advance(2 * 3_600_000);
    await prover.challenge();
    expect((await prover.beat()).challenge).toEqual({ kind: "stand_by" });
    network.clock.advance(30_000);
    expect(await prover.beat()).not.toHaveProperty("challenge");
    expect(await standingOf(prover.node)).toMatchObject({ provenance: "unproven" });
  });

  test("that shows lanes where rows were asked for is none", async () => {
    const challenge = await prover.challenge();
    const { root } = await compute(challenge, prover.node.id);
    await prover.commit(challenge, root);
    const groups = [{ results: "", path: "" }];
    expect(await prover.verify(challenge, { groups })).toMatchObject(refusal("challenge_invalid"));
  });

  test("whose rows are opened too late is none", async () => {
    const challenge = await prover.challenge();
    const { root, open } = await compute(challenge, prover.node.id);
    const { body } = await prover.commit(challenge, root);
    network.clock.advance(30_001);
    const opening = await open(body.rows);
    expect(await prover.verify(challenge, opening)).toMatchObject(refusal("challenge_invalid"));
  });
});

test("a wrong opening: the least, out of the list for a day, then tried again", async () => {
  await prover.prove();
  await prover.beat({ status: "IDLE" });
  expect(await listed(prover.node)).toBeDefined();
  network.clock.advance(2 * day);
  await prover.beat({ status: "IDLE" });
  const challenge = await prover.challenge();
  const { open } = await compute(challenge, prover.node.id);
  const { body } = await prover.commit(challenge, Buffer.alloc(32, 7).toString("base64url"));
  await prover.verify(challenge, await open(body.rows));
  expect(await prover.beat({ status: "IDLE" })).toMatchObject({ multiplier: "0.0500" });
  expect(await listed(prover.node)).toBeUndefined();
  expect(await standingOf(prover.node)).toMatchObject({ provenance: "refuted" });
  await network.call(prover.node, "POST", "/hardware/challenge", {});
  expect(await prover.beat({ status: "IDLE" })).not.toHaveProperty("challenge");

  network.clock.advance(day);
  expect((await prover.beat({ status: "IDLE" })).challenge).toEqual({ kind: "stand_by" });
  expect(await listed(prover.node)).toMatchObject({ multiplier: "0.0500" });
  expect(await prover.prove()).toBe(fast);
});

test("a prover may break once in a trial; giving up again fails it", async () => {
  const first = await prover.challenge();
  expect((await prover.giveUp(first)).body).toEqual({ rows: [] });
  expect(await prover.giveUp(first)).toMatchObject(refusal("challenge_invalid"));
  await prover.giveUp(await prover.challenge());
  expect(await prover.beat()).not.toHaveProperty("challenge");
  expect(await standingOf(prover.node)).toMatchObject({ provenance: "unproven" });
});

test("who gives up when it knows which rows are asked for has failed: it may not begin anew until they suit it", async () => {
  const challenge = await prover.challenge();
  const { root } = await compute(challenge, prover.node.id);
  await prover.commit(challenge, root);
  expect((await prover.giveUp(challenge)).body).toEqual({ rows: [] });
  expect(await prover.beat()).not.toHaveProperty("challenge");
});

test("nothing that a node says of itself changes what it counts as", async () => {
  const told = [
    { prover: "webgpu", name: "NVIDIA H200", memory_bytes: 2 ** 40, driver: "999" },
    { prover: "reference", name: "", id: "GPU-1", instead_of: "webgpu: it broke" },
  ] as const;
  for (const device of told) {
    const other = await askingNode(network, await makeSigner());
    const { snapshot } = beatOf();
    const hardware = { ...snapshot!.hardware, gpus: [device.name], memory_bytes: 2 ** 45 };
    await other.beat({ status: "IDLE", snapshot: { ...snapshot!, hardware } });
    expect(await other.prove(fastMs, device)).toBe(fast);
  }
});

test("of three the middle one counts", async () => {
  for (const times of [16, 1, 2]) await prover.session(times * fastMs);
  expect((await prover.beat()).multiplier).toBe(multiplierAt(2 * fastMs));
});
