/** A node proves its hardware through the running network: real processes compute, and the coordinator takes the time. */
import { Agent } from "undici";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { systemRandom } from "../src/base/random.ts";
import { nodeAnswer } from "../src/protocol/hardware-proof/wire.ts";
import { peersAnswer } from "../src/protocol/offers.ts";
import type { ProverKind } from "../src/worker/proof/messages.ts";
import { createStartProver, type ProverChild } from "../src/worker/proof/start-prover.ts";
import type { Worker } from "../src/worker/worker.ts";
import { makeSigner, type Network, startNetwork } from "./network.ts";
import { startEndlessProver } from "./support/endless-prover.ts";
import { plainText } from "./support/fake-engine/script.ts";

let network: Network;
beforeAll(async () => {
  // Time stands still here, so that the smallest task is done in no time.
  const proofs = { targetMs: 0.001, largest: 256 };
  network = await startNetwork({ proofs, script: plainText("Hello") });
}, 60_000);
afterAll(() => network[Symbol.asyncDispose](), 60_000);

const patience = { timeout: 30_000, interval: 50 };
const startProver = createStartProver({
  ...{ environment: process.env, clock: systemClock, random: systemRandom },
});
const add = async (provers: readonly ProverKind[], start = startProver) =>
  network.addWorker(await makeSigner(), { startProver: start, config: { provers } });
type Own = NonNullable<Parameters<Network["addWorker"]>[1]>;
const proofOf = (worker: Worker) => () => worker.status().proof;
const stand = (node: string) =>
  network.calls.call({
    ...{ method: "GET", path: `/nodes/${node}`, answer: nodeAnswer },
    signer: network.requester,
  });
const peers = () =>
  network.calls.call({
    ...{ method: "GET", path: "/peers", answer: peersAnswer },
    signer: network.requester,
  });

test("an honest worker proves itself at its start, and counts as what it has shown", async () => {
  const { worker, node } = await add(["wasm"]);
  await expect.poll(proofOf(worker), patience).toMatchObject({
    ...{ provenance: "proven", failure: null, device: { prover: "wasm" } },
  });
  const { multiplier, status } = worker.status();
  expect(status).toBe("IDLE");
  expect(Number(multiplier)).toBeGreaterThan(0.05);
  expect(await stand(node.id)).toMatchObject({ provenance: "proven", multiplier });
  await expect
    .poll(async () => (await peers()).nodes.find(({ node_id }) => node_id === node.id), patience)
    .toMatchObject({ multiplier, provenance: "proven" });
}, 60_000);

test("a prover that is killed is replaced by the next, which says so", async () => {
  const children: ProverChild[] = [];
  const { worker } = await add(["reference", "wasm"], async (kind) => {
    const child = await startProver(kind);
    children.push(child);
    if (kind === "wasm") return child;
    return {
      ...child,
      commit(...task) {
        const committed = child.commit(...task);
        process.kill(child.pid!, "SIGKILL");
        return committed;
      },
    };
  });
  await expect.poll(proofOf(worker), patience).toMatchObject({
    ...{ provenance: "proven", failure: null },
    device: { prover: "wasm", instead_of: "reference: ended by SIGKILL" },
  });
  expect(children).toHaveLength(2);
}, 60_000);

test("a coordinator that cannot be reached for a moment is not taken for a prover that broke", async () => {
  let cuts = 0;
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  const dispatcher = agent.compose((dispatch) => (options, handler) => {
    const isCut = options.path === "/hardware/commit" && (cuts += 1) === 1;
    // Nobody listens there.
    return dispatch(isCut ? { ...options, origin: "http://127.0.0.1:9" } : options, handler);
  });
  const config: Own["config"] = { provers: ["reference", "wasm"] };
  const { worker } = await network.addWorker(await makeSigner(), {
    ...{ startProver, dispatcher, config },
  });
  await expect.poll(proofOf(worker), patience).toMatchObject({ provenance: "proven" });
  expect(cuts).toBeGreaterThan(1);
  expect(worker.status().proof.device).toMatchObject({ prover: "reference" });
}, 60_000);

test("while it proves it admits nothing; paused, it gives the machine back at once", async () => {
  let isKilled = false;
  const { worker } = await add(["reference"], async (kind) => ({
    ...(await startEndlessProver(kind)),
    [Symbol.dispose]: () => void (isKilled = true),
  }));
  await expect.poll(() => worker.status().status, patience).toBe("PROVING");
  expect((await peers()).nodes.map(({ node_id }) => node_id)).not.toContain(worker.nodeId);
  expect(isKilled).toBe(false);
  worker.pause();
  expect(isKilled).toBe(true);
  expect(worker.status()).toMatchObject({
    ...{ status: "PAUSED", proof: { failure: "the worker was told to do something else" } },
  });
}, 60_000);

test("a prover that does not come to an end is killed, and the worker lends again", async () => {
  const seen = { begun: 0, killed: 0 };
  const { worker } = await add(["reference"], async (kind) => {
    const endless = await startEndlessProver(kind);
    const commit = () => {
      seen.begun += 1;
      return endless.commit();
    };
    return { ...endless, commit, [Symbol.dispose]: () => void (seen.killed += 1) };
  });
  await expect.poll(() => seen.begun, patience).toBe(1);
  await network.clock.advance(16_000);
  const why = "it took longer than the coordinator waits";
  await expect.poll(() => worker.status().proof.failure, patience).toBe(why);
  expect(seen.killed).toBeGreaterThan(0);
  expect(worker.status()).toMatchObject({ multiplier: "0.0500" });
}, 60_000);

test("a worker that may not prove, or cannot, lends all the same", async () => {
  const off = await add([]);
  expect(off.worker.status()).toMatchObject({ status: "IDLE", proof: { provenance: "off" } });
  const broken = await add(["webgpu"], () => Promise.reject(new Error("no GPU here")));
  await expect.poll(() => broken.worker.status().proof.failure, patience).toBe("no GPU here");
  expect(broken.worker.status().status).toBe("IDLE");
}, 60_000);
