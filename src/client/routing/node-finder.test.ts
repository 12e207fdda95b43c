/** What a node finder learns from requests that it sent somewhere. */
import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import type { Peer } from "../../protocol/node.ts";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import type { HeldTicket } from "./choose-node.ts";
import { createNodeFinder } from "./node-finder.ts";
import { noPreferences } from "./preferences.ts";
import type { ProbeNode } from "./probes.ts";

const price = {
  ...{ per_second: "1.000000000000", per_prompt_token: "0.001000000000" },
  per_completion_token: "0.001000000000",
};
const peer = (node_id: string): Peer => ({
  ...{ node_id, owner: `owner-of-${node_id}`, addresses: [], relay: [], version: "0" },
  ...{
    status: "IDLE",
    slots: { active: 0, total: 4 },
    multiplier: "1.0000",
    price: price.per_second,
  },
  models: [{ name: "m:8b", capabilities: ["chat"], loaded: true, price }],
  jwk: { kty: "OKP", crv: "Ed25519", x: node_id },
});

function start(probe: ProbeNode = async () => "unknown", names = ["a", "b"]) {
  const clock = createFakeClock();
  const list = names.map(peer);
  const tickets: HeldTicket[] = list.map((node) => ({ node, running: 0, lastUsedAt: 1 }));
  const finder = createNodeFinder({
    peers: { known: () => list, list: async () => list, ageMs: () => 0, wish: () => undefined },
    tickets: { warm: () => tickets },
    policy: { onlyNodes: [], onlyOwners: [] },
    ...{ clock, random: systemRandom, log: createLog("silent"), account: "me" },
    probe,
  });
  const wishOf = (text: string) => ({
    ...{ model: "m:8b", exclude: new Set<string>(), preferences: noPreferences },
    ...finder.workOf({ messages: [{ role: "user", content: text }] }),
  });
  const whereTo = async (text: string) => {
    const found = await finder.find({ ...wishOf(text), capability: "chat" });
    return found.kind === "node" ? found.node : found.kind;
  };
  /** Whether somebody is there who has room and is not out. */
  const isReady = async () => {
    const [offer] = await finder.offers({ capability: "chat", ...wishOf("short") });
    return offer?.isReady;
  };
  return { clock, finder, wishOf, whereTo, isReady };
}

const long = (word: string) => `${word} `.repeat(4_000);
const fast = { firstMs: 500, endMs: 3_000, answerTokens: 100 };

test("a conversation goes on where it was, and another one elsewhere while its prompt is being read", async () => {
  const { finder, wishOf, whereTo } = start();
  const sent = finder.sent("b", wishOf(long("one")));
  expect(await whereTo(long("two"))).toBe("a");
  sent.begun();
  expect(await whereTo(long("one") + long("more"))).toBe("b");
  sent.answered(fast);
  expect(await whereTo(long("one"))).toBe("b");
});

test("a prompt that was refused was not read, and does not count as waiting", async () => {
  const { finder, wishOf, whereTo } = start();
  for (const node of ["a", "b"]) finder.sent(node, wishOf("short")).answered(fast);
  finder.sent("b", wishOf(long("one"))).dropped();
  expect(await whereTo(long("one"))).toBe("a");
  const sent = finder.sent("a", wishOf(long("two")));
  expect(await whereTo(long("one"))).toBe("b");
  sent.dropped();
  finder.sent("a", wishOf(long("one"))).begun();
  expect(await whereTo(long("one"))).toBe("a");
});

test("a node that failed is passed over for half a minute, and until it says that it is back", async () => {
  let isBack = false;
  const probe: ProbeNode = async () => (isBack ? "there" : "gone");
  const { clock, finder, wishOf, whereTo, isReady } = start(probe, ["b"]);
  finder.sent("b", wishOf("short")).failed();
  expect(await isReady()).toBe(false);
  // Where there is no other it is asked all the same.
  expect(await whereTo("short")).toBe("b");
  await clock.advance(30_000);
  expect(await isReady()).toBe(false);
  // Asked once, it was still gone: another minute, without anybody's request.
  await clock.advance(60_000);
  expect(await isReady()).toBe(false);
  isBack = true;
  await clock.advance(10_000);
  expect(await isReady()).toBe(true);
});

test("one that answers a request meanwhile is back at once, one that nobody can ask is after half a minute", async () => {
  const { clock, finder, wishOf, isReady } = start(async () => "unknown", ["b"]);
  finder.sent("b", wishOf("short")).failed();
  finder.sent("b", wishOf("short")).answered(fast);
  expect(await isReady()).toBe(true);
  finder.sent("b", wishOf("short")).failed();
  await clock.advance(29_000);
  expect(await isReady()).toBe(false);
  await clock.advance(4_000);
  expect(await isReady()).toBe(true);
});
