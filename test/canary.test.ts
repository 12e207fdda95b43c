/** `troop admin canary` in a whole network: who differs is found, marked and chosen less; nobody else sees a word. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMachine } from "../src/cli/command-line.fixture.ts";
import { reputationAnswer } from "../src/protocol/reputation.ts";
import { makeSigner, type Network, startNetwork } from "./network.ts";
import { type FakeEngine, startFakeEngine, testModel } from "./support/fake-engine/fake-engine.ts";
import { plainText } from "./support/fake-engine/script.ts";

const digest = `sha256:${"a".repeat(64)}`;
const published = { ...testModel("test-model"), digest };

/** Engines with one model say the same to the same question. */
const answerOf = (body: Record<string, unknown>, model: string) =>
  plainText(
    createHash("sha256")
      .update(model + JSON.stringify(body["messages"]))
      .digest("hex"),
  );

const stack = new AsyncDisposableStack();
let network: Network;
let engines: FakeEngine[];
let nodes: string[];
beforeAll(async () => {
  engines = [];
  for (const model of ["true", "true", "another"]) {
    const engine = stack.use(await startFakeEngine({ models: [published] }));
    engine.play((body) => answerOf(body, model));
    engines.push(engine);
  }
  network = stack.use(await startNetwork({ engines: [engines[0]!.engine] }));
  nodes = [network.node.id];
  for (const engine of engines.slice(1)) {
    const { node } = await network.addWorker(await makeSigner(), { engines: [engine.engine] });
    nodes.push(node.id);
  }
}, 60_000);
afterAll(() => stack.disposeAsync());

const reputationOf = (node: string) =>
  network.calls.call({
    ...{ method: "GET", path: `/nodes/${encodeURIComponent(node)}/reputation` },
    ...{ answer: reputationAnswer, signer: network.requester },
  });

test("the node that answers otherwise than its peers is found, told so, and has no performance", async () => {
  using operator = createMachine(network.coordinator.url, { DATABASE_URL: network.databaseUrl! });
  const { code, json, stdout } = await operator.troop("admin", "canary", "--json");
  expect([code, stdout]).toEqual([0, expect.any(String)]);
  const verdictOf = new Map(
    (json.findings as { node: string; verdict: string }[]).map(({ node, verdict }) => [
      node,
      verdict,
    ]),
  );
  expect(nodes.map((node) => verdictOf.get(node))).toEqual([
    ...["consistent", "consistent", "inconsistent"],
  ]);
  await network.clock.advance(30_000);
  expect(await reputationOf(nodes[2]!)).toMatchObject({
    ...{ consistency: "inconsistent", parts: { performance: 0 } },
    why: expect.arrayContaining(["its answers differ from those of its peers with the same model"]),
  });
  expect(await reputationOf(nodes[0]!)).toMatchObject({ consistency: "consistent" });
}, 60_000);
