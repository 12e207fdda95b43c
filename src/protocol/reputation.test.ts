/** What a record means for being chosen, counted over thousands of choices. */
import { expect, test } from "vitest";
import { seededRandom } from "../../test/simulation/world/random.ts";
import type { Peer } from "./node.ts";
import { neutralReputation, wellReputed } from "./reputation.ts";
import { selectPeer } from "./selection.ts";

const draws = 4_000;
const peer = (node_id: string, reputation?: number, multiplier = "1.0000") =>
  ({
    ...{ node_id, status: "IDLE", slots: { active: 0, total: 1 }, multiplier },
    models: [{ name: "m", capabilities: ["chat"] }],
    ...(reputation === undefined ? {} : { reputation }),
  }) as unknown as Peer;

/** Of all choices, how many fall to the first. */
function shareOfFirst(...peers: Peer[]): number {
  const random = seededRandom(8);
  const wish = { model: "m", exclude: new Set<string>() };
  const chosen = Array.from({ length: draws }, () => selectPeer(peers, wish, random));
  return chosen.filter((node) => node === peers[0]).length / draws;
}

test("who is on par with the best is chosen as often", () => {
  expect(shareOfFirst(peer("a", 1), peer("b", 1))).toBeCloseTo(0.5, 1);
  expect(shareOfFirst(peer("a"), peer("b", neutralReputation))).toBeCloseTo(0.5, 1);
});

test("who failed ten times is chosen in less than a tenth of all cases, also beside newcomers only", () => {
  expect(shareOfFirst(peer("failing", 0.3), peer("a", 1))).toBeLessThan(0.01);
  expect(shareOfFirst(peer("failing", 0.3), peer("new"))).toBeLessThan(0.01);
  // Ten of twenty jobs that counted, beside one whose record is spotless.
  expect(shareOfFirst(peer("failing", 0.75), peer("a", 1))).toBeLessThan(0.1);
});

test("hardware does not make up for it", () => {
  expect(shareOfFirst(peer("failing", 0.3, "20.0000"), peer("a", 1))).toBeLessThan(0.01);
});

test("a newcomer gets a good part of what those with a spotless record get", () => {
  const share = shareOfFirst(peer("new"), peer("a", 1), peer("b", 1));
  expect(share).toBeGreaterThan(0.08);
  expect(share).toBeLessThan(1 / 3);
});

test("who is alone is chosen, whatever their record", () => {
  expect(shareOfFirst(peer("failing", 0))).toBe(1);
  expect(shareOfFirst(peer("failing", 0), peer("failing too", 0))).toBeCloseTo(0.5, 1);
});

test("the best are never left out, and no chance is drawn for them", () => {
  const nobody = { fraction: () => expect.fail("drawn") };
  expect(wellReputed([0.4, 0.4], (score) => score, nobody)).toEqual([0.4, 0.4]);
});
