/** A worker with two GPUs proves both through the running network: each in a process of its own, and each at once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { systemRandom } from "../src/base/random.ts";
import { peersAnswer } from "../src/protocol/endpoints.ts";
import { nodeAnswer } from "../src/protocol/hardware-proof/wire.ts";
import {
  createStartProver,
  type ProverChild,
  type StartProver,
} from "../src/worker/proof/start-prover.ts";
import { makeSigner, type Network, startNetwork } from "./network.ts";
import { type FakeEngine, startFakeEngine, testModel } from "./support/fake-engine/fake-engine.ts";

const mebibyte = 2 ** 20;
const models = [
  { ...testModel("fits-one"), size_bytes: 2 * mebibyte },
  { ...testModel("fits-both"), size_bytes: 4 * mebibyte },
  { ...testModel("too-big"), size_bytes: 4 * mebibyte + 1 },
];

let network: Network;
let engine: FakeEngine;
beforeAll(async () => {
  // Time stands still here but where it is moved, so that every walk is done in no time.
  const memory = { first: 1, largest: 2, firstPasses: 16, targetMs: 0.001 };
  network = await startNetwork({ proofs: { targetMs: 0.001, largest: 256, memory } });
  engine = await startFakeEngine({ models, type: "ollama" });
}, 60_000);
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
}, 60_000);

const patience = { timeout: 30_000, interval: 20 };
const startReal = createStartProver({
  ...{ environment: process.env, clock: systemClock, random: systemRandom },
});

/** Provers of two GPUs, and how often either was asked for what. */
function twoGpus() {
  const seen = { fill: 0, walk: 0, openLanes: 0, started: [] as string[], ended: 0 };
  const counted = (child: ProverChild): Partial<ProverChild> => ({
    fill: (dataset) => ((seen.fill += 1), child.fill(dataset)),
    walk: (walk, binding) => ((seen.walk += 1), child.walk(walk, binding)),
    openLanes: async (lanes) => {
      const opening = await child.openLanes(lanes);
      seen.openLanes += 1;
      return opening;
    },
    [Symbol.dispose]: () => {
      seen.ended += 1;
      child[Symbol.dispose]();
    },
  });
  const start: StartProver = async (kind, { name } = { name: "first" }) => {
    const child = await startReal(kind);
    seen.started.push(name);
    const device = { ...child.device, name };
    return { ...child, ...counted(child), device, others: [{ name: "second" }] };
  };
  return { seen, start };
}

test("what both hold at once is what the node holds, and a model that needs both is offered", async () => {
  const { seen, start } = twoGpus();
  const { worker, node } = await network.addWorker(await makeSigner(), {
    ...{ engines: [engine.engine], startProver: start, config: { provers: ["wasm"] } },
  });
  const pass = (ms: number) => network.clock.advance(ms);
  // Each looks for its size by itself.
  await expect.poll(() => seen.walk, patience).toBe(4);
  await expect.poll(() => seen.openLanes, patience).toBe(4);
  const filled = () => pass(500).then(() => seen.fill);
  await expect.poll(filled, patience).toBe(6);
  const told = async () => (seen.walk > 4 || (await pass(500)), seen.walk);
  await expect.poll(told, patience).toBe(6);
  await expect.poll(() => seen.openLanes, patience).toBe(6);
  const proof = () => pass(500).then(() => worker.status().proof);
  await expect.poll(proof, patience).toMatchObject({
    ...{ provenance: "proven", failure: null },
    ...{ device: { name: "first" }, others: [{ name: "second" }] },
  });
  expect(seen.started).toEqual(["first", "second"]);
  expect(seen.ended).toBeGreaterThanOrEqual(2);
  const read = { method: "GET", signer: network.requester } as const;
  const answer = nodeAnswer;
  const known = await network.calls.call({ ...read, path: `/nodes/${node.id}`, answer });
  expect(known).toMatchObject({ provenance: "proven", memory_bytes: 4 * mebibyte });
  expect(known.gpus).toHaveLength(2);
  const offered = async () => {
    const { nodes } = await network.calls.call({ ...read, path: "/peers", answer: peersAnswer });
    return nodes.find(({ node_id }) => node_id === node.id)?.models.map(({ name }) => name);
  };
  await expect.poll(offered, patience).toEqual(["fits-one", "fits-both"]);
}, 60_000);
