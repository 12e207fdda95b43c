/**
 * Somebody on the way between client and worker alters a real exchange, at each of its frames and in every way. All
 * of it is noticed: no altered answer passes for a whole one, no altered request is answered, and nobody pays for
 * more than was made.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "./network.ts";
import { gatedText } from "./support/fake-engine/script.ts";
import {
  type AlteringWire,
  type Pieces,
  startAlteringWire,
} from "./support/privacy/altering-wire.ts";
import { type MaliciousCoordinator, startBetween } from "./support/privacy/between.ts";

const words = ["one ", "two ", "three"];
/** Head, role and each word: after each of these the engine is let on. */
const gatedPieces = { first: 3, last: 3 + words.length };
/** So long that the request takes several frames. */
const content = "Count to three. ".repeat(10_000);

let between: MaliciousCoordinator;
let network: Network;
let wire: AlteringWire;
const resources = new AsyncDisposableStack();
beforeAll(async () => {
  between = resources.use(await startBetween());
  network = resources.use(await startNetwork({ between, script: gatedText(...words) }));
  wire = resources.use(await startAlteringWire(() => network.worker.url));
  between.alter = (answer) => ({
    ...answer,
    node: { ...answer.node, addresses: [wire.address] },
  });
  wire.onPiece = async (count) => {
    if (count < gatedPieces.first || count > gatedPieces.last) return;
    // Time passes between the words, so that there is something to pay.
    await network.clock.advance(250);
    network.engine.next();
  };
});
afterAll(() => resources.disposeAsync());

const flipped = (piece: Buffer, at: number) => {
  const copy = Buffer.from(piece);
  copy[at]! ^= at === 0 ? 0x80 : 1;
  return copy;
};

/** Each alters one piece; undefined where there is nothing to alter. */
const alterations: [name: string, alter: (pieces: Pieces, index: number) => Pieces | undefined][] =
  [
    ["flipped", (all, index) => all.with(index, flipped(all[index]!, all[index]!.length >> 1))],
    ["marked as final, or no longer", (all, index) => all.with(index, flipped(all[index]!, 0))],
    ["dropped", (all, index) => all.toSpliced(index, 1)],
    ["repeated", (all, index) => all.toSpliced(index, 0, all[index]!)],
    [
      "swapped with the next",
      (all, index) =>
        index + 1 < all.length ? all.toSpliced(index, 2, all[index + 1]!, all[index]!) : undefined,
    ],
    [
      "cut in two, and nothing after it",
      (all, index) => [...all.slice(0, index), all[index]!.subarray(0, all[index]!.length >> 1)],
    ],
    ["missing, with all that came after it", (all, index) => all.slice(0, index)],
  ];

interface Said {
  status: number;
  text: string;
  code: string | undefined;
}

async function ask(): Promise<Said> {
  const body = { model: "test-model", stream: true, messages: [{ role: "user", content }] };
  const response = await fetch(`${network.sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, code: /"code":"(\w+)"/.exec(text)?.[1] };
}

function expectFailure({ text }: Said): void {
  expect(text).not.toContain("[DONE]");
  expect(text).not.toMatch(/"finish_reason":"/);
}

/** Alters each piece in its turn. */
async function alterEach(
  direction: "request" | "answer",
  alter: (pieces: Pieces, index: number) => Pieces | undefined,
): Promise<Said[]> {
  const said: Said[] = [];
  const count = wire.last[direction].length;
  for (let index = 0; index < count; index += 1) {
    if (!alter(wire.last[direction], index)) continue;
    wire[direction] = (pieces) => alter(pieces, index) ?? pieces;
    said.push(await ask());
  }
  wire[direction] = (pieces) => pieces;
  return said;
}

test("the unaltered answer is whole, in as many frames as it has words and more", async () => {
  const { status, text } = await ask();
  expect(status).toBe(200);
  expect(text).toMatch(/"finish_reason":"stop"[^]*\[DONE\]\n\n$/);
  // Salt, head, role, words, ending, line; and a head with three frames of a body.
  expect(wire.last.answer.length).toBeGreaterThanOrEqual(words.length + 5);
  expect(wire.last.request).toHaveLength(4);
});

test.each(alterations)("an answer with any piece %s is a failure", async (_name, alter) => {
  const said = await alterEach("answer", alter);
  expect(said.length).toBeGreaterThanOrEqual(words.length + 4);
  for (const answer of said) {
    expectFailure(answer);
    expect(answer.code).toBe("stream_truncated");
  }
});

test.each(alterations)("a request with any frame %s is not answered", async (_name, alter) => {
  const asked = network.engine.requests.all.length;
  const said = await alterEach("request", alter);
  expect(said.length).toBeGreaterThanOrEqual(3);
  for (const answer of said) expectFailure(answer);
  const codes = new Set(said.map(({ code }) => code));
  expect(["seal_broken", "invalid_value", "request_too_large", "node_unreachable"]).toEqual(
    expect.arrayContaining([...codes]),
  );
  // Nothing was admitted.
  expect(network.engine.requests.all).toHaveLength(asked);
});

test("a request that is sent twice is answered once", async () => {
  wire.isReplaying = true;
  const asked = network.engine.requests.all.length;
  const said = await ask();
  wire.isReplaying = false;
  expectFailure(said);
  expect(network.engine.requests.all.length - asked).toBe(2);
});

test("each altered exchange costs what it really took, or nothing", async () => {
  await network.settle();
  const requests = (await network.history(network.requester)).filter(
    ({ kind }) => kind === "request",
  );
  const charged = (state: string) =>
    requests.flatMap(({ amount, metadata }) => (metadata.state === state ? amount : []));
  const paid = new Set([...charged("settled"), ...charged("vesting")]);
  expect(requests).toHaveLength(charged("settled").length + charged("vesting").length);
  // A second of engine time for three words, as the unaltered one; and where no time passed, nothing.
  expect([...paid].toSorted()).toEqual(["-0.011632", "0.000000"]);
  // What arrived altered is not paid out yet: the client has not said that it is well.
  expect(charged("vesting").length).toBeGreaterThan(charged("settled").length);
  expect(await network.coordinator.auditLedger()).toEqual([]);
});
