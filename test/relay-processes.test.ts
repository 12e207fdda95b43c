/** A relay, a worker and a coordinator as real processes, and what becomes of streams when one of them is killed. */
import { expect, test } from "vitest";
import { ask, framesOf, startAsk } from "./support/fake-engine/infer-client.ts";
import { gatedText, plainText, stalling } from "./support/fake-engine/script.ts";
import { type RelayedNetwork, startRelayedNetwork } from "./support/relayed-network.ts";

const timeout = 120_000;

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
    await using network = await startRelayedNetwork(stalling("one"));
    for (const round of [1, 2, 3]) {
      network.engine.play(stalling("one"));
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
