/** A worker with two GPUs proves both through the running network: each in a process of its own, and each at once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProverChild, StartProver } from "../src/worker/proof/start-prover.ts";
import {
  mebibyte,
  type MemoryNetwork,
  startMemoryNetwork,
  startReal,
} from "./support/memory-network.ts";

let nodes: MemoryNetwork;
beforeAll(async () => {
  nodes = await startMemoryNetwork({
    "fits-one": 2 * mebibyte,
    "fits-both": 4 * mebibyte,
    "too-big": 4 * mebibyte + 1,
  });
}, 60_000);
afterAll(() => nodes[Symbol.asyncDispose](), 60_000);

const patience = { timeout: 30_000, interval: 20 };

/** Provers of two GPUs, and how often either was asked for what. */
function twoGpus() {
  const seen = { filling: 0, fill: 0, walk: 0, openLanes: 0, started: [] as string[], ended: 0 };
  const counted = (child: ProverChild): Partial<ProverChild> => ({
    fill: async (dataset) => {
      seen.filling += 1;
      await child.fill(dataset).finally(() => (seen.filling -= 1));
      seen.fill += 1;
    },
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
  const { worker, node } = await nodes.addWorker(start);
  const pass = (ms: number) => nodes.network.clock.advance(ms);
  // Each looks for its size by itself.
  await expect.poll(() => seen.walk, patience).toBe(4);
  await expect.poll(() => seen.openLanes, patience).toBe(4);
  // Not while one of them fills: it has a few seconds for it.
  const filled = async () => (seen.filling > 0 || (await pass(500)), seen.fill);
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
  const known = await nodes.known(node.id);
  expect(known).toMatchObject({ provenance: "proven", memory_bytes: 4 * mebibyte });
  expect(known.gpus).toHaveLength(2);
  await expect.poll(() => nodes.offered(node.id), patience).toEqual(["fits-one", "fits-both"]);
}, 60_000);
