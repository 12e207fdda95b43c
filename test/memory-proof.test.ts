/** A node shows its memory through the running network: real processes fill and walk it, and what they held gates what is offered. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StartProver } from "../src/worker/proof/start-prover.ts";
import {
  mebibyte,
  type MemoryNetwork,
  startMemoryNetwork,
  startReal,
} from "./support/memory-network.ts";

let nodes: MemoryNetwork;
beforeAll(async () => {
  nodes = await startMemoryNetwork({ fits: 2 * mebibyte, "too-big": 2 * mebibyte + 1 });
}, 60_000);
afterAll(() => nodes[Symbol.asyncDispose](), 60_000);

const patience = { timeout: 30_000, interval: 50 };

/** A worker that was tried: what it is known for, and what of its models may be asked for. */
async function tried(start: StartProver) {
  const { worker, node } = await nodes.addWorker(start);
  await expect
    .poll(() => worker.status(), patience)
    .toMatchObject({ status: "IDLE", proof: { provenance: "proven", failure: null } });
  await expect.poll(() => nodes.offered(node.id), patience).toBeDefined();
  return { known: await nodes.known(node.id), offered: await nodes.offered(node.id) };
}

test("what a node holds is what it is known to hold, and larger models of it are not offered", async () => {
  const { known, offered } = await tried(startReal);
  expect(known).toMatchObject({ provenance: "proven", memory_bytes: 2 * mebibyte });
  expect(offered).toEqual(["fits"]);
}, 60_000);

test("a node that holds half as much offers half as much", async () => {
  const { known, offered } = await tried(async (kind) => {
    const child = await startReal(kind);
    const fill: typeof child.fill = (dataset) =>
      dataset.segments === 1 ? child.fill(dataset) : Promise.reject(new Error("out of memory"));
    return { ...child, fill };
  });
  expect(known).toMatchObject({ provenance: "proven", memory_bytes: mebibyte });
  expect(offered).toEqual([]);
}, 60_000);

test("a node that holds nothing is proven by its arithmetic, counts for less, and offers what it likes", async () => {
  const held = await tried(startReal);
  const { known, offered } = await tried(async (kind) => {
    const child = await startReal(kind);
    return { ...child, fill: () => Promise.reject(new Error("out of memory")) };
  });
  expect(known).toMatchObject({ provenance: "proven", memory_bytes: null });
  expect(Number(known.multiplier)).toBeLessThan(Number(held.known.multiplier));
  expect(offered).toEqual(["fits", "too-big"]);
}, 60_000);
