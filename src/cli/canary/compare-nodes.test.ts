/** Which nodes are compared, and what becomes of those that do not answer. */
import { expect, test } from "vitest";
import { seededRandom } from "../../../test/simulation/world/random.ts";
import type { Peer } from "../../protocol/node.ts";
import { type ErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { type CompareParts, compareNodes, findAlike, type Question } from "./compare-nodes.ts";

const random = seededRandom(1);
const peer = (node_id: string, owner: string, models: readonly [string, string?][]) =>
  ({
    ...{ node_id, owner },
    models: models.map(([name, digest]) => ({ name, digest, capabilities: ["chat"] })),
  }) as unknown as Peer;

test("compared are nodes of several owners that publish the same digest of a model", () => {
  const peers = [
    peer("a", "one", [["m", "1"], ["lonely", "9"], ["unsigned"]]),
    peer("b", "two", [["m", "1"], ["other", "2"], ["unsigned"]]),
    peer("c", "three", [["m", "another"]]),
    peer("d", "two", [["other", "2"]]),
  ];
  const found = findAlike(peers, random);
  expect(found).toMatchObject([{ model: "m", digest: "1" }]);
  expect(found[0]!.nodes.map(({ node_id }) => node_id).toSorted()).toEqual(["a", "b"]);
});

test("of many nodes five are asked, drawn anew each time", () => {
  const peers = Array.from({ length: 50 }, (_, index) =>
    peer(`node ${index}`, `owner ${index}`, [["m", "1"]]),
  );
  const drawn = Array.from({ length: 30 }, () => findAlike(peers, random)[0]!.nodes);
  expect(new Set(drawn.map(({ length }) => length))).toEqual(new Set([5]));
  expect(new Set(drawn.flat().map(({ node_id }) => node_id)).size).toBeGreaterThan(30);
});

const alike = {
  ...{ model: "m", digest: "1" },
  nodes: ["a", "b", "c"].map((node_id) => ({ node_id, owner: `owner of ${node_id}` })),
};
const compare = (ask: CompareParts["ask"]) =>
  compareNodes(alike, { ask, random, lengths: [{ prompt: 20, answer: 40 }], prompts: 8 });
const refusing = (code: ErrorCode) => async (question: Question) => {
  if (question.node === "c") throw new TroopError(code);
  return question.content;
};

test("every node is asked the same, another question each time", async () => {
  const asked: Question[] = [];
  await compare(async (question) => {
    asked.push(question);
    return "";
  });
  expect(asked).toHaveLength(24);
  const byContent = Map.groupBy(asked, ({ content }) => content);
  expect([...byContent.values()].map(({ length }) => length)).toEqual(Array(8).fill(3));
  expect(asked[0]).toMatchObject({ model: "m", answerTokens: 40 });
});

// The second is a coordinator's or a relay's, and a node can say it too.
test.each(["engine_error", "rate_limit_exceeded"] as const)(
  "a node that says %s is not judged by that, and keeps nobody else from being compared",
  async (code) => {
    expect(await compare(refusing(code))).toMatchObject([
      { node: "a", verdict: "consistent", prompts: 8, model: "m", digest: "1" },
      { node: "b", verdict: "consistent" },
      { node: "c", verdict: "undecided", prompts: 0 },
    ]);
  },
);

test.each(["spending_cap", "insufficient_credits"] as const)("%s ends it", async (code) => {
  await expect(compare(refusing(code))).rejects.toMatchObject({ code });
});
