/** How reputations are kept: bounded work each round, everybody's turn, and what is known of requesters remembered. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { createReputations } from "./reputations.ts";
import type { ReputationStore, StoredRecord } from "./reputation-store.ts";

const none = { presentMs: 0, missedMs: 0 };

const two = ["requester 0", "requester 1"];

function start(
  listed: readonly string[],
  failing: ReadonlySet<string> = new Set(),
  requesters: readonly string[] = two,
) {
  const heard: (readonly string[])[] = [];
  const asked: string[][] = [];
  const lookedUp: string[][] = [];
  const noted: number[] = [];
  const clock = createFakeClock();
  const recordOf = (node: string): StoredRecord => ({
    ...{ presence: none, consistency: null },
    jobs: Array.from({ length: 10 }, (_, index) => ({
      ...{ requester: `requester ${index % 2}`, promisedMs: 1, billedMs: 1 },
      ending: failing.has(node) ? "failed" : "answered",
    })),
  });
  const store: ReputationStore = {
    async findRequesters(nodes) {
      asked.push([...nodes]);
      return new Map(nodes.map((node) => [node, [...requesters]]));
    },
    async readRecords(requestersOf) {
      heard.push(...requestersOf.values());
      const enrolled = [...requestersOf.keys()].filter((node) => node !== "nobody");
      return new Map(enrolled.map((node) => [node, recordOf(node)]));
    },
    async findKnown(accounts) {
      lookedUp.push([...accounts]);
      return new Set(["requester 0"]);
    },
    addPresence: async (seen) => void noted.push(seen.size),
  };
  const reputations = createReputations({
    ...{ store, clock, random: systemRandom, log: createLog("silent") },
  });
  const registry = {
    listedNodes: async () => listed,
  } as unknown as Parameters<typeof reputations.start>[0];
  const presence = { take: () => new Map([["node", none]]) };
  const running = reputations.start(registry, presence);
  return { reputations, clock, asked, heard, lookedUp, noted, running };
}

test("until its first turn a node is neutral, from then on what its record is worth", async () => {
  const { reputations, clock, running } = start(["good", "failing"], new Set(["failing"]));
  await using _running = running;
  expect(reputations.scoreOf("failing")).toBe(0.85);
  await clock.advance(0);
  expect(reputations.scoreOf("failing")).toBe(0.3);
  expect(reputations.scoreOf("good")).toBe(1);
  expect(reputations.scoreOf("nobody")).toBe(0.85);
});

test("a round looks at a hundred nodes, those whose turn was longest ago", async () => {
  const all = Array.from({ length: 250 }, (_, index) => `node ${index}`);
  const { clock, asked, running } = start(all);
  await using _running = running;
  await clock.advance(25_000);
  expect(asked.map(({ length }) => length)).toEqual([100, 100, 100]);
  expect(new Set(asked.flat()).size).toBe(250);
});

test("who is known is not asked for again, who is not in ten minutes", async () => {
  const { clock, lookedUp, running } = start(["node"]);
  await using _running = running;
  await clock.advance(9 * 60_000);
  expect(lookedUp).toEqual([["requester 0", "requester 1"]]);
  await clock.advance(60_000);
  expect(lookedUp.slice(1)).toEqual([["requester 1"]]);
});

test("a crowd of newcomers keeps nobody who is known from being heard, and is looked up bit by bit", async () => {
  const crowd = Array.from({ length: 2_000 }, (_, index) => `newcomer ${index}`);
  const { clock, heard, lookedUp, running } = start(["node"], new Set(), ["requester 0", ...crowd]);
  await using _running = running;
  await clock.advance(0);
  expect(lookedUp.map(({ length }) => length)).toEqual([500]);
  expect(heard).toEqual([["requester 0", ...crowd.slice(0, 20)]]);
});

test("presence is written down every ten minutes", async () => {
  const { clock, noted, running } = start([]);
  await using _running = running;
  await clock.advance(9 * 60_000);
  expect(noted).toEqual([]);
  await clock.advance(60_000);
  expect(noted).toEqual([1]);
});

test("who asks for a node's record gets it as of two seconds ago, listed or not", async () => {
  const failing = new Set<string>();
  const { reputations, clock, asked, running } = start([], failing);
  await using _running = running;
  expect(await reputations.read("node")).toMatchObject({ score: 1, tier: "good" });
  failing.add("node");
  await clock.advance(1_999);
  expect(await reputations.read("node")).toMatchObject({ score: 1 });
  await clock.advance(1);
  expect(await reputations.read("node")).toMatchObject({ score: 0.3, tier: "poor" });
  expect(asked).toEqual([["node"], ["node"]]);
  expect(await reputations.read("nobody")).toBeUndefined();
});
