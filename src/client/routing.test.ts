import { expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import type { Peer } from "../protocol/node.ts";
import { chooseNode } from "./routing.ts";
import type { Ticket } from "./ticket.ts";

const peer = (node_id: string, changes: Partial<Peer> = {}) =>
  ({
    node_id,
    status: "IDLE",
    slots: { active: 0, total: 2 },
    models: [{ name: "m", capabilities: ["chat"] }],
    multiplier: "1.0000",
    ...changes,
  }) as unknown as Peer;
const ticketAt = (node: Peer, changes: Partial<Ticket> = {}) =>
  ({ node, model: "m", running: 0, lastUsedAt: 1, ...changes }) as Ticket;

const [a, b] = [peer("a"), peer("b")];
const none = new Set<string>();
const choose = (facts: Partial<Parameters<typeof chooseNode>[0]>, exclude: Set<string> = none) =>
  chooseNode(
    { peers: [a, b], warm: [], avoid: none, ...facts },
    { model: "m", capability: "chat", exclude },
    systemRandom,
  );

test("the node last talked to is chosen again", () => {
  const warm = [ticketAt(a, { lastUsedAt: 1 }), ticketAt(b, { lastUsedAt: 2 })];
  expect(choose({ warm })).toBe("b");
});

test("a node that our own requests fill gives way to a free one, and serves where there is none", () => {
  const warm = [ticketAt(a, { running: 2 })];
  expect(choose({ warm, peers: [peer("a", { status: "BUSY" }), b] })).toBe("b");
  expect(choose({ warm, peers: [] })).toBe("a");
});

test("a node that failed a moment ago is the last choice", () => {
  const avoid = new Set(["a"]);
  expect(choose({ warm: [ticketAt(a)], avoid })).toBe("b");
  expect(choose({ peers: [a], avoid })).toBe("a");
});

test("an excluded node is no choice at all", () => {
  expect(choose({ warm: [ticketAt(a)], peers: [a] }, new Set(["a"]))).toBeUndefined();
});

test("a warm node that cannot do what is asked is passed over", () => {
  const embedder = peer("a", {
    models: [{ name: "m", capabilities: ["embedding"] }] as Peer["models"],
  });
  expect(choose({ warm: [ticketAt(embedder)], peers: [embedder, b] })).toBe("b");
});
