/** Every node is busy: a request waits, its application hears that it does, and is told when to come back. */
import { expect, test } from "vitest";
import { whileTimePasses } from "../../src/client/fixtures/sidecar.fixture.ts";
import { type Network, startNetwork } from "../network.ts";
import { gatedText } from "../support/fake-engine/script.ts";
import { ask, failureOf, requestsOf, textOf } from "./story.ts";

/** One node with one slot, which somebody's request has taken. */
async function startBusy(): Promise<{ network: Network; first: Promise<Response> }> {
  const network = await startNetwork({ slots: 1, script: gatedText("It is me.") });
  const first = ask(network);
  await network.engine.requests.next();
  return { network, first };
}

/** Lets the engine say what one request waits for. */
const speak = ({ engine }: Network) => {
  engine.next();
  engine.next();
};

test("a slot that becomes free is given to whoever waits; until then the stream says that it waits", async () => {
  const { network: started, first } = await startBusy();
  await using network = started;
  const waiting = await whileTimePasses(network.clock, ask(network, { stream: true }));
  expect(waiting.status).toBe(200);
  const words = waiting.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await words.read()).value).toBe(": keep-alive\n\n");
  expect(network.engine.requests.all).toHaveLength(1);

  speak(network);
  expect(await textOf(await first)).toBe("It is me.");
  speak(network);
  let rest = "";
  const reading = (async () => {
    for (let part = await words.read(); !part.done; part = await words.read()) rest += part.value;
  })();
  await whileTimePasses(network.clock, reading);
  expect(rest).toContain("It is me.");
  expect(rest).toMatch(/data: \[DONE\]\n\n$/);
  await network.settle();
  expect(await requestsOf(network)).toHaveLength(2);
});

test("when none becomes free the request ends with 503 and when to come back, and costs nothing", async () => {
  const { network: started, first } = await startBusy();
  await using network = started;
  const before = network.clock.monotonic();
  const [whole, stream] = await whileTimePasses(
    network.clock,
    Promise.all([ask(network), ask(network, { stream: true }).then(readAll)]),
  );
  expect(network.clock.monotonic() - before).toBeGreaterThanOrEqual(25_000);
  expect(whole.status).toBe(503);
  const seconds = Number(whole.headers.get("retry-after"));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
  // Nothing was charged, so that an SDK may ask again by itself.
  expect(whole.headers.has("x-should-retry")).toBe(false);
  expect((await failureOf(whole)).code).toBe("busy");
  expect(stream).toMatch(/^(: keep-alive\n\n)+data: \{"error":.*"code":"busy".*\}\n\n$/);

  speak(network);
  await first;
  await network.settle();
  expect(await requestsOf(network)).toHaveLength(1);
  expect(await network.coordinator.auditLedger()).toEqual([]);
});

const readAll = (response: Response) => response.text();
