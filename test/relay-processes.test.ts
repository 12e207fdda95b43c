/** A relay, a worker and a coordinator as real processes, and what becomes of streams when one of them is killed. */
import { expect, test, vi } from "vitest";
import { ask, framesOf, startAsk } from "./support/fake-engine/infer-client.ts";
import { flood, gatedText, plainText } from "./support/fake-engine/script.ts";
import {
  type RelayedNetwork,
  residentBytes,
  startRelayedNetwork,
} from "./support/relayed-network.ts";

const timeout = 120_000;
const mebibyte = 1_024 * 1_024;

/** A stream whose first word is here, and how it ends. */
async function openStream({ url, ticket, engine }: RelayedNetwork) {
  const { response } = startAsk({ url, ticket: await ticket() });
  const opened = await response;
  engine.next();
  const frames = framesOf(opened);
  for await (const { bytes } of { [Symbol.asyncIterator]: () => ({ next: () => frames.next() }) })
    if (Buffer.from(bytes).includes("one")) break;
  const ending = (async () => {
    try {
      for await (const _frame of frames);
      return "whole";
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  })();
  return { ending };
}

test(
  "a worker that is killed takes its clients' connections with it, at once",
  { timeout },
  async () => {
    await using network = await startRelayedNetwork(gatedText("one", "two"));
    const { ending } = await openStream(network);
    await network.worker.end("SIGKILL");
    expect(await ending).toBe("ECONNRESET");
    const refused = await ask({ url: network.url, ticket: await network.ticket() });
    expect(refused).toMatchObject({ status: 502, code: "node_unreachable" });
  },
);

test(
  "a relay that is killed costs its streams and not the worker, which comes back",
  { timeout },
  async () => {
    await using network = await startRelayedNetwork(gatedText("one", "two"));
    for (const round of [1, 2, 3]) {
      network.engine.play(gatedText("one", "two"));
      const { ending } = await openStream(network);
      await network.relay().end("SIGKILL");
      expect(await ending).toBe("ECONNRESET");
      await network.engine.aborted.next();

      await network.startRelay();
      await network.relay().line(/a worker connected/);
      network.engine.play(plainText("back"));
      const reply = await ask({ url: network.url, ticket: await network.ticket() });
      expect(reply, `round ${round}`).toMatchObject({ status: 200, line: { finish: "stop" } });
      expect(reply.text).toContain("back");
    }
  },
);

test("a relay that is asked to stop finishes what runs, and ends well", { timeout }, async () => {
  await using network = await startRelayedNetwork(gatedText("one", "two"));
  const { ending } = await openStream(network);
  const relay = network.relay();
  const ended = relay.end("SIGTERM");
  await relay.line(/Finishing what runs/);
  network.engine.next();
  network.engine.next();
  expect(await ending).toBe("whole");
  expect(await ended).toMatchObject({ code: 0, signal: null });
});

test(
  "readers who stop cost relay and worker at most 2 MiB each, and hold nobody up",
  { timeout },
  async () => {
    await using network = await startRelayedNetwork(plainText("warm"));
    const { url, engine, worker } = network;
    const relay = network.relay();
    for (let index = 0; index < 3; index += 1) await ask({ url, ticket: await network.ticket() });
    const before = { relay: residentBytes(relay), worker: residentBytes(worker) };
    engine.play(flood);
    const stalled = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const open = startAsk({ url, ticket: await network.ticket(), k: index + 1 });
        (await open.response).pause();
        return open;
      }),
    );
    let flooded = 0;
    await vi.waitUntil(
      () => {
        const isSteady = engine.floodedBytes === flooded;
        flooded = engine.floodedBytes;
        return isSteady;
      },
      { interval: 500, timeout: 30_000 },
    );
    const cost = {
      relay: (residentBytes(relay) - before.relay) / stalled.length / mebibyte,
      worker: (residentBytes(worker) - before.worker) / stalled.length / mebibyte,
    };
    console.log(cost);
    expect(cost.relay).toBeLessThan(2);
    expect(cost.worker).toBeLessThan(2);
    engine.play(plainText("beside"));
    const beside = await ask({ url, ticket: await network.ticket() });
    expect(beside.text).toContain("beside");
    const hungUp = stalled.map(() => engine.aborted.next());
    for (const { request } of stalled) request.destroy();
    await Promise.all(hungUp);
  },
);

test("two hundred streams run through one worker's connection at once", { timeout }, async () => {
  await using network = await startRelayedNetwork(gatedText("one"));
  const { url, engine } = network;
  const tickets = [await network.ticket()];
  const open = Array.from({ length: 200 }, (_, index) =>
    startAsk({ url, ticket: tickets[0]!, k: index + 1 }),
  );
  const responses = await Promise.all(open.map(({ response }) => response));
  for (let gate = 0; gate < 2 * open.length; gate += 1) engine.next();
  const endings = await Promise.all(
    responses.map(async (response) => {
      for await (const _frame of framesOf(response));
      return response.complete;
    }),
  );
  expect(endings.filter(Boolean)).toHaveLength(200);
});
