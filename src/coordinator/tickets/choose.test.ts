import { expect, test } from "vitest";
import type { NodeStatus } from "../../protocol/node.ts";
import type { ListedNode } from "../registry/registry.ts";
import { chooseNode } from "./choose.ts";

const nodeOf = (node_id: string, status: NodeStatus, active: number): ListedNode => {
  const models = [{ name: "m", capabilities: ["chat"], loaded: true }];
  const peer = { node_id, status, slots: { active, total: 2 }, models, multiplier: "1.0000" };
  return { lease: { node: node_id }, peer } as unknown as ListedNode;
};
const random = { bytes: () => new Uint8Array(), uuid: () => "", fraction: () => 0 };
const busy = nodeOf("busy", "BUSY", 2);
const full = nodeOf("full", "IDLE", 2);
const free = nodeOf("free", "IDLE", 1);

test.each([
  ["a free node is chosen, whatever else there is", [busy, full, free], {}, "free"],
  ["none is chosen where all are busy", [busy, full], {}, undefined],
  ["none is chosen where the free one is excluded", [busy, free], { exclude: ["free"] }, undefined],
  ["a node that is named is given though it is busy", [busy, free], { node: "busy" }, "busy"],
  ["a node that is named and not there is not replaced", [free], { node: "gone" }, undefined],
])("%s", (_name, offering, wish, chosen) => {
  expect(chooseNode(offering, { model: "m", ...wish }, random)?.lease.node).toBe(chosen);
});
