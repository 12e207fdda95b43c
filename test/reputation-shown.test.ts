/** Where people see a node's reputation: its owner with the reasons, everybody else in the list. */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMachine, type Machine } from "../src/cli/command-line.fixture.ts";
import { leaveRunFile } from "../src/host/run-file.ts";
import { type Network, startNetwork } from "./network.ts";
import { errorStatus } from "./support/fake-engine/script.ts";

const stack = new AsyncDisposableStack();
let network: Network;
let machine: Machine;
beforeAll(async () => {
  network = stack.use(await startNetwork({ script: errorStatus(500) }));
  machine = stack.use(createMachine(network.coordinator.url));
  symlinkSync(join(network.folder, `worker-${network.node.id}`), join(machine.folder, "worker"));
  const { url } = network.worker;
  const run = { url, pid: process.pid, coordinator: network.coordinator.url };
  stack.use(leaveRunFile(machine.folder, "worker", run));
}, 60_000);
afterAll(() => stack.disposeAsync());

const status = () => machine.troopAlone("worker", "status");

test("a donor sees what the record is worth and what lowers it", async () => {
  expect((await status()).stdout).toContain("Reputation: 0.85 (new), from 0 jobs of others");
  const response = await fetch(`${network.sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "Hi" }] }),
  });
  await response.text();
  await network.settle();
  await network.clock.advance(30_000);
  const { stdout } = await status();
  expect(stdout).toContain("Reputation: 0.85 (new), from 1 job of others in a week");
  expect(stdout).toContain("1 of the last 1 answers failed at the node");
  const { json } = await machine.troopAlone("worker", "status", "--json");
  expect(json.reputation).toMatchObject({ tier: "new", jobs: 1, failed: 1 });
});

test("everybody else sees the number beside the node", async () => {
  const { stdout } = await machine.troop("nodes");
  expect(stdout).toMatch(new RegExp(`${network.node.id.slice(0, 12)}.* 0\\.85 `));
});
