/** Which node a request goes to, by every reason there is to prefer one. */
import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import type { Peer } from "../../protocol/node.ts";
import type { Ticket } from "../tickets/ticket.ts";
import { type Candidate, chooseNode, type RoutingFacts } from "./choose-node.ts";
import { type Outlook, promisedSpeed } from "./expectation.ts";
import { noPreferences, type Preferences } from "./preferences.ts";

const peer = (node_id: string, changes: Partial<Peer> = {}) =>
  ({
    node_id,
    owner: `owner of ${node_id}`,
    status: "IDLE",
    slots: { active: 0, total: 2 },
    models: [
      {
        ...{ name: "m", capabilities: ["chat"] },
        price: {
          per_second: "1.000000000000",
          per_prompt_token: "1.000000000000",
          per_completion_token: "1.000000000000",
        },
      },
    ],
    multiplier: "1.0000",
    price: "1.000000000000",
    ...changes,
  }) as unknown as Peer;
const ticketAt = (node: Peer, changes: Partial<Ticket> = {}) =>
  ({ node, model: "m", running: 0, lastUsedAt: 1, ...changes }) as Ticket;

const [a, b] = [peer("a"), peer("b")];
const none = new Set<string>();

interface Case extends Partial<Omit<RoutingFacts, "outlook" | "preferences">> {
  /** What is known of nodes by id, over what is usual. */
  known?: Readonly<Record<string, Partial<Outlook>>>;
  preferences?: Partial<Preferences>;
}

function choose({ known = {}, preferences, ...facts }: Case, exclude: Set<string> = none) {
  const outlook = ({ node, ticket }: Candidate): Outlook => ({
    ...{
      speed: promisedSpeed(1),
      running: ticket?.running ?? 0,
      slots: 2,
      cachedTokens: 0,
      unreadTokens: 0,
    },
    ...{ isWarm: ticket !== undefined, failureShare: 0, ...known[node.node_id] },
  });
  const usual = { peers: [a, b], warm: [], isOut: () => false, account: "mine" };
  const work = { promptTokens: 4_000, answerTokens: 100 };
  const requirements = { capabilities: [], contextTokens: 4_100 };
  const all = {
    ...usual,
    work,
    requirements,
    outlook,
    preferences: { ...noPreferences, ...preferences },
  };
  return chooseNode(
    { ...all, ...facts },
    { model: "m", capability: "chat", exclude },
    systemRandom,
  );
}

/** What is chosen where chance has a part in it: as often as it takes to see each outcome. */
const outcomes = (facts: Case) =>
  [...new Set(Array.from({ length: 64 }, () => String(choose(facts))))].toSorted();

test("of nodes alike the one last talked to is chosen again", () => {
  const warm = [ticketAt(a, { lastUsedAt: 1 }), ticketAt(b, { lastUsedAt: 2 })];
  expect(choose({ warm })).toBe("b");
});

test("a node that our own requests fill gives way to a free one, and serves where there is none", () => {
  const warm = [ticketAt(a, { running: 2 })];
  expect(choose({ warm, peers: [peer("a", { status: "BUSY" }), b] })).toBe("b");
  expect(choose({ warm, peers: [] })).toBe("a");
});

test("a node that failed a moment ago is the last choice", () => {
  const isOut = (node: string) => node === "a";
  expect(choose({ warm: [ticketAt(a)], isOut })).toBe("b");
  expect(choose({ peers: [a], isOut })).toBe("a");
});

test("an excluded node is no choice at all", () => {
  expect(choose({ warm: [ticketAt(a)], peers: [a] }, new Set(["a"]))).toBeUndefined();
});

test("a warm node that cannot do what is asked is passed over", () => {
  const models = [{ ...a.models[0]!, capabilities: ["embedding" as const] }];
  const embedder = peer("a", { models });
  expect(choose({ warm: [ticketAt(embedder)], peers: [embedder, b] })).toBe("b");
});

test("where the beginning of the prompt was read before, it is asked again", () => {
  const warm = [ticketAt(a, { lastUsedAt: 9 }), ticketAt(b)];
  expect(choose({ warm, known: { b: { cachedTokens: 3_000 } } })).toBe("b");
  // Also where that needs a ticket.
  expect(outcomes({ warm: [ticketAt(a)], known: { b: { cachedTokens: 3_000 } } })).toEqual(["b"]);
});

test("what was read before does not keep a request at a node that is full, or much slower", () => {
  const warm = [ticketAt(a), ticketAt(b, { running: 2 })];
  expect(choose({ warm, known: { b: { cachedTokens: 3_000 } } })).toBe("a");
  const slow = { cachedTokens: 3_000, speed: promisedSpeed(0.1) };
  expect(choose({ warm: [ticketAt(a), ticketAt(b)], known: { b: slow } })).toBe("a");
});

test("the faster node, the less crowded one, and the one that fails less often are preferred", () => {
  const warm = [ticketAt(a, { lastUsedAt: 9 }), ticketAt(b)];
  expect(choose({ warm, known: { b: { speed: promisedSpeed(1.2) } } })).toBe("b");
  expect(choose({ warm, known: { a: { running: 1 } } })).toBe("b");
  expect(choose({ warm, known: { a: { failureShare: 0.2 } } })).toBe("b");
});

test("a ticket is not opened for a little speed", () => {
  const known = { b: { speed: promisedSpeed(1.05) } };
  expect(outcomes({ warm: [ticketAt(a)], known })).toEqual(["a"]);
  expect(outcomes({ warm: [ticketAt(a)], known: { b: { speed: promisedSpeed(3) } } })).toEqual([
    "b",
  ]);
});

test("of many nodes without a ticket two are drawn, and the better of them is taken", () => {
  const peers = ["a", "b", "c"].map((id) => peer(id));
  const known = { a: { speed: promisedSpeed(3) }, c: { speed: promisedSpeed(0.5) } };
  expect(outcomes({ peers, known })).toEqual(["a", "b"]);
});

test("who wants the lowest price gets it, who wants speed gets that, and who asks for neither a mixture", () => {
  const priced = (id: string, per_second: string) =>
    peer(id, { models: [{ ...a.models[0]!, price: { ...a.models[0]!.price, per_second } }] });
  const peers = [priced("a", "1.000000000000"), priced("b", "1.500000000000")];
  const known = { b: { speed: promisedSpeed(1.3) } };
  const wanting = (prefer: Preferences["prefer"]) =>
    outcomes({ peers, known, preferences: { prefer } });
  expect(wanting("speed")).toEqual(["b"]);
  expect(wanting("price")).toEqual(["a"]);
  expect(wanting("balance")).toEqual(["b"]);
});

test("one's own nodes come first for who prefers them, while they have room", () => {
  const own = peer("b", { owner: "mine" });
  const facts = { peers: [a, own], known: { b: { speed: promisedSpeed(0.1) } } };
  expect(outcomes({ ...facts, preferences: { prefer: "own" } })).toEqual(["b"]);
  const full = { ...own, slots: { active: 2, total: 2 } };
  expect(outcomes({ ...facts, peers: [a, full], preferences: { prefer: "own" } })).toEqual(["a"]);
});

test("a node that is too dear, not among the only ones, or among those never to be used, is no choice", () => {
  const dear = peer("a", { price: "2.000000000000" });
  expect(outcomes({ peers: [dear, b], preferences: { maxPrice: 10n ** 12n } })).toEqual(["b"]);
  expect(outcomes({ preferences: { only: ["b"] } })).toEqual(["b"]);
  expect(outcomes({ preferences: { never: ["a"] } })).toEqual(["b"]);
  expect(choose({ peers: [dear], preferences: { maxPrice: 10n ** 12n } })).toBeUndefined();
});

test("who sends images, tools or a long prompt gets a node that says it can do that, else any", () => {
  const offering = (id: string, changes: object) =>
    peer(id, { models: [{ ...a.models[0]!, ...changes }] });
  const seeing = offering("b", { capabilities: ["chat", "vision"] });
  const vision = { capabilities: ["vision" as const], contextTokens: 0 };
  expect(outcomes({ peers: [a, seeing], requirements: vision })).toEqual(["b"]);
  expect(outcomes({ peers: [a, b], requirements: vision })).toEqual(["a", "b"]);
  const small = offering("a", { context_length: 2_048 });
  expect(outcomes({ peers: [small, b] })).toEqual(["b"]);
  expect(outcomes({ peers: [small] })).toEqual(["a"]);
});
