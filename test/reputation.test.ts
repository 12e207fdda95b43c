/** Jobs that fail, through the whole network: what they do to a node's share of what is asked, and how it comes back. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemRandom } from "../src/base/random.ts";
import { readSidecarConfig } from "../src/client/config.ts";
import { type Sidecar, startSidecar } from "../src/client/sidecar.ts";
import { createLog } from "../src/host/log.ts";
import type { Signer } from "../src/protocol/signature.ts";
import type { Worker } from "../src/worker/worker.ts";
import { peersAnswer } from "../src/protocol/offers.ts";
import type { Peer } from "../src/protocol/node.ts";
import { reputationAnswer } from "../src/protocol/reputation.ts";
import { chooseNode } from "../src/client/routing/choose-node.ts";
import { noPreferences } from "../src/client/routing/preferences.ts";
import { promisedSpeed } from "../src/client/routing/expectation.ts";
import { selectPeer } from "../src/protocol/selection.ts";
import { makeSigner, type Network, startNetwork } from "./network.ts";
import { seededRandom } from "./simulation/world/random.ts";
import { startFakeEngine } from "./support/fake-engine/fake-engine.ts";
import { errorStatus, plainText } from "./support/fake-engine/script.ts";

const model = "test-model";
const selections = 2_000;

/**
 * One more local API of that account, as after a restart: one that saw a node fail three times in a row does not go on
 * asking it, and it takes more to make a reputation.
 */
async function startAnother({ clock, coordinator, folder }: Network, account: Signer) {
  const listen = { host: "127.0.0.1", port: 0 };
  const dataFolder = join(folder, `client-${systemRandom.uuid()}`);
  return startSidecar(
    readSidecarConfig({}, { coordinatorUrl: coordinator.url, dataFolder, listen }),
    { clock, random: systemRandom, log: createLog("silent"), account, home: folder },
  );
}

async function settled(sidecar: Sidecar): Promise<void> {
  while (sidecar.pending() > 0) {
    sidecar.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function ask({ url }: Pick<Sidecar, "url">, node: string): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      ...{ model, messages: [{ role: "user", content: "Hi" }] },
      troop: { only: [node] },
    }),
  });
  await response.text();
  return response.status;
}

/** Lets the worker's receipts arrive, and the coordinator have its round. */
async function deliver({ clock }: Network, worker: Worker): Promise<void> {
  while (worker.pending() > 0) {
    worker.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await clock.advance(30_000);
}

const peersOf = async ({ calls, requester }: Network): Promise<Peer[]> =>
  (await calls.call({ method: "GET", path: "/peers", answer: peersAnswer, signer: requester }))
    .nodes;

const reputationOf = ({ calls, requester }: Network, node: string) =>
  calls.call({
    ...{ method: "GET", path: `/nodes/${encodeURIComponent(node)}/reputation` },
    ...{ answer: reputationAnswer, signer: requester },
  });

/** As the coordinator chooses for who names no node. */
function chosenByCoordinator(peers: readonly Peer[], node: string): number {
  const random = seededRandom(2_026);
  const wish = { model, exclude: new Set<string>() };
  const chosen = Array.from({ length: selections }, () => selectPeer(peers, wish, random)?.node_id);
  return chosen.filter((id) => id === node).length / selections;
}

/** As a client chooses that has talked to nobody yet. */
function chosenByClients(peers: readonly Peer[], node: string): number {
  const random = seededRandom(2_027);
  const facts = {
    ...{ peers, warm: [], isOut: () => false, account: "somebody", preferences: noPreferences },
    ...{ work: { promptTokens: 100, answerTokens: 100 } },
    requirements: { capabilities: [], contextTokens: 200 },
    outlook: () => ({
      ...{ speed: promisedSpeed(1), running: 0, slots: 1, isWarm: false, failureShare: 0 },
      ...{ cachedTokens: 0, unreadTokens: 0 },
    }),
  };
  const wish = { model, exclude: new Set<string>() };
  const chosen = Array.from({ length: selections }, () => chooseNode(facts, wish, random));
  return chosen.filter((id) => id === node).length / selections;
}

test("ten failing jobs leave a node less than a tenth of what is asked, and good ones bring it back", async () => {
  await using network = await startNetwork({ script: plainText("Hello") });
  await using engine = await startFakeEngine({ script: errorStatus(500) });
  const owner = await makeSigner();
  const { node: failing, worker } = await network.addWorker(owner, { engines: [engine.engine] });
  const shares = async () => {
    const peers = await peersOf(network);
    expect(peers).toHaveLength(2);
    return [chosenByCoordinator(peers, failing.id), chosenByClients(peers, failing.id)];
  };
  for (const share of await shares()) expect(share).toBeCloseTo(0.5, 1);

  for (const asked of [3, 3, 3, 1]) {
    await using sidecar = await startAnother(network, network.requester);
    for (let count = 0; count < asked; count += 1) await ask(sidecar, failing.id);
    await settled(sidecar);
  }
  await deliver(network, worker);
  expect(await reputationOf(network, failing.id)).toMatchObject({
    ...{ node_id: failing.id, tier: "poor", jobs: 10, failed: 10, disputed: 0, requesters: 1 },
    why: ["10 of the last 10 answers failed at the node"],
  });
  // The other one is a newcomer: nobody has asked it for anything.
  expect(await reputationOf(network, network.node.id)).toMatchObject({ tier: "new", jobs: 0 });
  for (const share of await shares()) expect(share).toBeLessThan(0.1);

  engine.play(plainText("Hello"));
  await using sidecar = await startAnother(network, network.requester);
  for (let count = 0; count < 20; count += 1) {
    expect(await ask(sidecar, failing.id)).toBe(200);
    await network.clock.advance(1_000);
  }
  await settled(sidecar);
  await deliver(network, worker);
  expect(await reputationOf(network, failing.id)).toMatchObject({ tier: "good", failed: 0 });
  for (const share of await shares()) expect(share).toBeGreaterThan(0.4);
}, 120_000);

test("what an owner asks their own node for is no part of its record", async () => {
  await using network = await startNetwork({ isOwnNode: true, script: errorStatus(500) });
  for (let count = 0; count < 10; count += 1) await ask(network.sidecar, network.node.id);
  await network.settle();
  await network.clock.advance(30_000);
  expect(await reputationOf(network, network.node.id)).toMatchObject({ tier: "new", jobs: 0 });
}, 60_000);

test("a node without a record gets work where there is one with a good one", async () => {
  await using network = await startNetwork({ script: plainText("Hello") });
  for (let count = 0; count < 10; count += 1)
    expect(await ask(network.sidecar, network.node.id)).toBe(200);
  await network.settle();
  const { node: newcomer } = await network.addWorker(await makeSigner());
  await network.clock.advance(30_000);
  const { id } = network.node;
  const ownPeer = async () => (await peersOf(network)).find((peer) => peer.node_id === id);
  // A round has begun, and reads the database.
  await expect.poll(ownPeer).toMatchObject({ reputation: 1 });
  const peers = await peersOf(network);
  expect(chosenByCoordinator(peers, newcomer.id)).toBeGreaterThan(0.15);
  expect(chosenByClients(peers, newcomer.id)).toBeGreaterThan(0.15);
}, 60_000);
