/** A node shows its memory through the running network: real processes fill and walk it, and what they held gates what is offered. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { systemRandom } from "../src/base/random.ts";
import { peersAnswer } from "../src/protocol/endpoints.ts";
import { nodeAnswer } from "../src/protocol/hardware-proof/wire.ts";
import { createStartProver, type StartProver } from "../src/worker/proof/start-prover.ts";
import { makeSigner, type Network, startNetwork } from "./network.ts";
import { type FakeEngine, startFakeEngine, testModel } from "./support/fake-engine/fake-engine.ts";

const mebibyte = 2 ** 20;
const models = [
  { ...testModel("fits"), size_bytes: 2 * mebibyte },
  { ...testModel("too-big"), size_bytes: 2 * mebibyte + 1 },
];

let network: Network;
let engine: FakeEngine;
beforeAll(async () => {
  // Time stands still here, so that every walk is done in no time.
  const memory = { first: 1, largest: 2, firstPasses: 16, targetMs: 0.001 };
  network = await startNetwork({ proofs: { targetMs: 0.001, largest: 256, memory } });
  engine = await startFakeEngine({ models, type: "ollama" });
}, 60_000);
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
}, 60_000);

const patience = { timeout: 30_000, interval: 50 };
const startProver = createStartProver({
  ...{ environment: process.env, clock: systemClock, random: systemRandom },
});
/** A worker that was tried: what it is known for, and what of its models may be asked for. */
async function tried(start: StartProver) {
  const { worker, node } = await network.addWorker(await makeSigner(), {
    ...{ engines: [engine.engine], startProver: start, config: { provers: ["wasm"] } },
  });
  await expect
    .poll(() => worker.status(), patience)
    .toMatchObject({ status: "IDLE", proof: { provenance: "proven", failure: null } });
  const read = { method: "GET", signer: network.requester } as const;
  const offered = async () => {
    const { nodes } = await network.calls.call({ ...read, path: "/peers", answer: peersAnswer });
    return nodes.find(({ node_id }) => node_id === node.id)?.models.map(({ name }) => name);
  };
  await expect.poll(offered, patience).toBeDefined();
  const answer = nodeAnswer;
  const known = await network.calls.call({ ...read, path: `/nodes/${node.id}`, answer });
  return { known, offered: await offered() };
}

test("what a node holds is what it is known to hold, and larger models of it are not offered", async () => {
  const { known, offered } = await tried(startProver);
  expect(known).toMatchObject({ provenance: "proven", memory_bytes: 2 * mebibyte });
  expect(offered).toEqual(["fits"]);
}, 60_000);

test("a node that holds half as much offers half as much", async () => {
  const { known, offered } = await tried(async (kind) => {
    const child = await startProver(kind);
    const fill: typeof child.fill = (dataset) =>
      dataset.segments === 1 ? child.fill(dataset) : Promise.reject(new Error("out of memory"));
    return { ...child, fill };
  });
  expect(known).toMatchObject({ provenance: "proven", memory_bytes: mebibyte });
  expect(offered).toEqual([]);
}, 60_000);

test("a node that holds nothing is proven by its arithmetic, counts for less, and offers what it likes", async () => {
  const held = await tried(startProver);
  const { known, offered } = await tried(async (kind) => {
    const child = await startProver(kind);
    return { ...child, fill: () => Promise.reject(new Error("out of memory")) };
  });
  expect(known).toMatchObject({ provenance: "proven", memory_bytes: null });
  expect(Number(known.multiplier)).toBeLessThan(Number(held.known.multiplier));
  expect(offered).toEqual(["fits", "too-big"]);
}, 60_000);
