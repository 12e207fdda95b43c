/** A second node is asked where the first is late, once, and only where that was asked for. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { AnswerSink } from "../call/attempt.ts";
import {
  post,
  startTestNetwork,
  type TestNetwork,
  whileTimePasses,
} from "../fixtures/sidecar.fixture.ts";
import {
  finish,
  sayHello,
  type Script,
  type StubExchange,
} from "../fixtures/stub-worker.fixture.ts";
import { createHedging } from "./hedge.ts";
import type { Tried, TryNode, Turn } from "./try-node.ts";

const question = {
  model: "toy:1b",
  messages: [{ role: "user" as const, content: "Hello?" }],
};
const hedged = { ...question, troop: { hedge_after: 2 } };

const keepsSilent: Script = async ({ open, gone }) => {
  open();
  await gone;
};

/** Whoever is asked first does the first of these, and so on. */
async function network(...scripts: Script[]) {
  const clock = createFakeClock();
  const asked: StubExchange[] = [];
  const script: Script = (exchange) => {
    asked.push(exchange);
    return scripts[asked.length - 1]!(exchange);
  };
  const started = await startTestNetwork(
    clock,
    Array.from({ length: 4 }, () => script),
  );
  return { clock, asked, started };
}

const wordsOf = (text: string) =>
  [...text.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content).join("");
const ask = async (started: TestNetwork, body: object) => {
  const response = await post(started, "/v1/chat/completions", { ...body, stream: true });
  return { text: await response.text(), node: response.headers.get("x-troop-node") };
};

test("where the first is late with its first word, a second answers, and the first is let go", async () => {
  const { clock, asked, started } = await network(keepsSilent, sayHello);
  await using _network = started;
  const answer = ask(started, hedged);
  await waitFor(() => asked.length === 1);
  // Not so long that a sign of life leaves, and the headers with it.
  await clock.advance(5_000);
  const { text, node } = await answer;
  expect(wordsOf(text)).toBe("Hello you");
  expect(text).toContain("[DONE]");
  await asked[0]!.gone;
  expect(asked).toHaveLength(2);
  expect(new Set(asked.map(({ ticket }) => ticket)).size).toBe(2);
  const quicker = started.workers.find(({ requests }) => requests.includes(asked[1]!));
  expect(node).toBe(quicker!.nodeId);
});

test("where the first speaks after all, the second is let go and says nothing", async () => {
  const second = Promise.withResolvers<void>();
  const { clock, asked, started } = await network(
    async (exchange) => {
      await second.promise;
      await sayHello(exchange);
    },
    async (exchange) => {
      second.resolve();
      await exchange.gone;
    },
  );
  await using _network = started;
  const { text } = await whileTimePasses(clock, ask(started, hedged));
  expect(wordsOf(text)).toBe("Hello you");
  await asked[1]!.gone;
  expect(asked).toHaveLength(2);
});

test("where both fail, a third is asked, and no fourth beside it", async () => {
  const second = Promise.withResolvers<void>();
  const late = Promise.withResolvers<void>();
  const dies: Script = ({ open, die }) => {
    open();
    die();
  };
  const { clock, asked, started } = await network(
    async (exchange) => {
      await second.promise;
      await dies(exchange);
    },
    async (exchange) => {
      second.resolve();
      await dies(exchange);
    },
    async (exchange) => {
      exchange.open();
      await late.promise;
      exchange.text("Hello you");
      finish(exchange, "stop");
    },
  );
  await using _network = started;
  const answer = ask(started, hedged);
  await whileTimePasses(
    clock,
    waitFor(() => asked.length === 3),
  );
  await clock.advance(20_000);
  late.resolve();
  expect(wordsOf((await whileTimePasses(clock, answer)).text)).toBe("Hello you");
  expect(asked).toHaveLength(3);
});

/** Two turns under the test's hand: what they say and how they end. */
function byHand(find: () => Promise<{ kind: "node"; node: string }>) {
  const turns: Turn[] = [];
  const ends: PromiseWithResolvers<Tried>[] = [];
  const tryNode: TryNode = (turn) => {
    turns.push(turn);
    const end = Promise.withResolvers<Tried>();
    turn.signal.addEventListener("abort", () => end.reject(turn.signal.reason as Error));
    ends.push(end);
    return end.promise;
  };
  const clock = createFakeClock();
  const tryTurn = createHedging({ finder: { find, firstWordMs: () => 500 }, tryNode, clock })(3);
  const heard: string[] = [];
  const openSink = (node: string): AnswerSink => ({
    take: (bytes) => void heard.push(`${node}: ${Buffer.from(bytes).toString()}`),
    textBytes: () => 0,
    hasFailed: () => false,
  });
  const leaving = new AbortController();
  const wish = { exclude: new Set<string>() };
  const { signal } = leaving;
  const turn = { node: "a", wish, relation: {}, openSink, signal } as unknown as Turn;
  return { clock, turns, ends, heard, leave: () => leaving.abort(), ended: tryTurn(turn) };
}
const findB = async () => ({ kind: "node", node: "b" }) as const;
const failure = new TroopError("engine_error");
const died = { outcome: "failed", error: failure, name: "h.1", cost: 0n } as const;

test("who speaks second is not heard, though it was not told yet that it is let go", async () => {
  const { clock, turns, ends, heard, ended } = byHand(findB);
  await clock.advance(1_500);
  const sinks = turns.map(({ node, openSink }) => openSink(node!));
  for (const [index, word] of ["first", "second"].entries())
    void sinks[1 - index]!.take(Buffer.from(word));
  ends[1]!.resolve({ ...died, node: "b" });
  expect((await ended).map(({ node }) => node)).toEqual(["b"]);
  expect(heard).toEqual(["b: first"]);
});

test("a wordless line of the first does not make whole what the second has begun", async () => {
  const { clock, turns, ends, ended } = byHand(findB);
  await clock.advance(1_500);
  // Its line is there; it waits for the end of its stream, and is let go meanwhile.
  ends[0]!.resolve({ outcome: "answered", node: "a" } as unknown as Tried);
  void turns[1]!.openSink("b").take(Buffer.from("half"));
  ends[1]!.resolve({ ...died, node: "b" });
  expect((await ended).map(({ node }) => node)).toEqual(["b"]);
});

test("a second for whom a cap has no room fails nothing", async () => {
  const { clock, ends, ended } = byHand(findB);
  await clock.advance(1_500);
  ends[1]!.resolve({ outcome: "refused", error: new TroopError("spending_cap"), node: "b" });
  ends[0]!.resolve({ ...died, node: "a" });
  expect((await ended).map(({ node }) => node)).toEqual(["a"]);
});

test("an answer does not wait for a second that is still looked for", async () => {
  const { clock, ends, turns, ended } = byHand(() => new Promise(() => undefined));
  await clock.advance(1_500);
  void turns[0]!.openSink("a").take(Buffer.from("all"));
  ends[0]!.resolve({ outcome: "answered", node: "a" } as unknown as Tried);
  expect((await ended).map(({ node }) => node)).toEqual(["a"]);
});

test("where the application leaves while a second is looked for, none is asked", async () => {
  const found = Promise.withResolvers<{ kind: "node"; node: string }>();
  const { clock, turns, leave, ended } = byHand(() => found.promise);
  await clock.advance(1_500);
  leave();
  await expect(ended).rejects.toThrow();
  found.resolve(await findB());
  await found.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect(turns).toHaveLength(1);
});

test("without a setting nobody is asked beside the first, however late", async () => {
  const late = Promise.withResolvers<void>();
  const { clock, asked, started } = await network(async (exchange) => {
    exchange.open();
    await late.promise;
    finishWith(exchange);
  });
  await using _network = started;
  const answer = ask(started, question);
  await whileTimePasses(
    clock,
    waitFor(() => asked.length === 1),
  );
  await clock.advance(60_000);
  late.resolve();
  expect(wordsOf((await whileTimePasses(clock, answer)).text)).toBe("Hello you");
  expect(asked).toHaveLength(1);
});

const finishWith = (exchange: StubExchange) => {
  exchange.text("Hello you");
  finish(exchange, "stop");
};

async function waitFor(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

test("a factor that would not wait for the first is refused", async () => {
  const { started } = await network();
  await using _network = started;
  const body = { ...question, troop: { hedge_after: 0.5 } };
  const response = await post(started, "/v1/chat/completions", body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: "troop.hedge_after" } });
});
