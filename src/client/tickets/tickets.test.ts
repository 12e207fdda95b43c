/** Tickets are renewed ahead of need: a request that finds one never waits for the coordinator. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import {
  startTestNetwork,
  type TestNetwork,
  whileTimePasses,
} from "../fixtures/sidecar.fixture.ts";
import { sayHello } from "../fixtures/stub-worker.fixture.ts";

const question = { model: "toy:1b", messages: [{ role: "user" as const, content: "Hello?" }] };
const ask = ({ openai }: TestNetwork) => openai.chat.completions.create(question);

test("a warm request calls nobody but its node", async () => {
  await using network = await startTestNetwork(createFakeClock());
  await ask(network);
  await network.settle();
  const { calls } = network.coordinator;
  const before = calls.length;
  await ask(network);
  expect(calls.slice(before)).toEqual([]);
  expect(network.worker.requests).toHaveLength(2);
});

test("a prepared model is warm", async () => {
  await using network = await startTestNetwork(createFakeClock());
  await network.sidecar.prepare("toy:1b");
  expect(network.sidecar.status().tickets).toMatchObject([
    { node: network.worker.nodeId, model: "toy:1b", numbers_left: 256, spent: "0.000000" },
  ]);
  const before = network.coordinator.calls.length;
  await ask(network);
  expect(network.coordinator.calls).toHaveLength(before);
});

test("a ticket in use is renewed before its end, one that is not lapses", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  await ask(network);
  await clock.advance(200_000);
  await ask(network);
  const renewed = network.coordinator.next("POST /authorize");
  await clock.advance(40_000);
  await renewed;
  await replaced(network, network.coordinator.authorized.length);
  // The second was not used in its last two minutes.
  const before = network.coordinator.authorized.length;
  await clock.advance(400_000);
  expect(network.coordinator.authorized).toHaveLength(before);
  expect(before).toBe(2);
});

test("a request that comes while the renewal is on its way uses the old ticket", async () => {
  const clock = createFakeClock();
  const allow = Promise.withResolvers<void>();
  await using network = await startTestNetwork(clock);
  await ask(network);
  await clock.advance(250_000);
  const asked = Promise.withResolvers<void>();
  network.coordinator.before = (call) => {
    if (call !== "POST /authorize") return;
    asked.resolve();
    return allow.promise;
  };
  await ask(network);
  await asked.promise;
  await ask(network);
  expect(new Set(network.worker.requests.map(({ ticket }) => ticket)).size).toBe(1);
  const renewed = network.coordinator.next("POST /authorize");
  allow.resolve();
  await renewed;
  await replaced(network, 2);
  await ask(network);
  expect(new Set(network.worker.requests.map(({ ticket }) => ticket)).size).toBe(2);
});

test("a renewal begins with the request that shows the need, not after it", async () => {
  const clock = createFakeClock();
  let isRenewed = Promise.resolve<unknown>(undefined);
  await using network = await startTestNetwork(clock, [
    async (exchange) => {
      await isRenewed;
      await sayHello(exchange);
    },
  ]);
  await ask(network);
  await clock.advance(250_000);
  isRenewed = network.coordinator.next("POST /authorize");
  await ask(network);
  expect(network.coordinator.authorized).toHaveLength(2);
});

test("a renewal that fails does no harm while the old ticket works", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  await ask(network);
  await clock.advance(250_000);
  network.coordinator.before = (call) => {
    if (call === "POST /authorize") throw new TroopError("no_nodes_available");
  };
  const failed = network.coordinator.next("POST /authorize");
  await ask(network);
  await failed;
  await ask(network);
  expect(network.worker.requests).toHaveLength(3);
});

test("three quarters of the budget spent is need enough", async () => {
  await using network = await startTestNetwork(createFakeClock());
  network.coordinator.budget = "0.040000";
  // Each costs 0.01: after the third of four the next ticket is asked for.
  await ask(network);
  await ask(network);
  expect(network.coordinator.authorized).toHaveLength(1);
  const renewed = network.coordinator.next("POST /authorize");
  await ask(network);
  await renewed;
  expect(network.coordinator.authorized).toHaveLength(2);
});

test("requests that come at once share one question to the coordinator", async () => {
  await using network = await startTestNetwork(createFakeClock());
  await Promise.all([ask(network), ask(network), ask(network)]);
  expect(network.coordinator.authorized).toHaveLength(1);
  expect(network.worker.requests.map(({ head }) => head.k)).toHaveLength(3);
  expect(new Set(network.worker.requests.map(({ head }) => head.k))).toEqual(new Set([1, 2, 3]));
});

test("a question without an answer is repeated under the same id", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  const bodies: string[] = [];
  network.coordinator.before = (call, body) => {
    if (call !== "POST /authorize") return;
    if (bodies.push(body) < 3) throw new TroopError("ledger_unavailable");
  };
  const answer = ask(network);
  expect((await whileTimePasses(clock, answer)).choices[0]!.message.content).toBe("Hello you");
  expect(bodies).toHaveLength(3);
  expect(new Set(bodies).size).toBe(1);
});

test("without a list of nodes the coordinator chooses", async () => {
  await using network = await startTestNetwork(createFakeClock());
  network.coordinator.before = (call) => {
    if (call === "GET /peers") throw new TroopError("rate_limit_exceeded");
  };
  await ask(network);
  expect(network.coordinator.authorized).toMatchObject([{ model: "toy:1b" }]);
  expect(network.coordinator.authorized[0]).not.toHaveProperty("node");
});

test("a new account joins before it looks around", async () => {
  await using network = await startTestNetwork(createFakeClock());
  let isKnown = false;
  network.coordinator.before = (call) => {
    if (call === "POST /users") isKnown = true;
    if (call === "GET /peers" && !isKnown) throw new TroopError("account_unknown");
  };
  const { data } = await network.openai.models.list();
  expect(data.map(({ id }) => id)).toContain("toy:1b");
  expect(network.coordinator.calls).toEqual(["GET /peers", "POST /users", "GET /peers"]);
});

test("a conversation stays at its node", async () => {
  await using network = await startTestNetwork(createFakeClock(), [sayHello, sayHello, sayHello]);
  for (let turn = 0; turn < 4; turn += 1) await ask(network);
  expect(network.workers.map(({ requests }) => requests.length)).toContain(4);
});

/** The sidecar has taken the answer in once its ticket is another. */
async function replaced({ sidecar, coordinator }: TestNetwork, count: number): Promise<void> {
  expect(coordinator.authorized).toHaveLength(count);
  const latest = coordinator.holds.at(-1);
  while (sidecar.status().tickets[0]!.hold !== latest)
    await new Promise((resolve) => setImmediate(resolve));
}
