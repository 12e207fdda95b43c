/** What streams cost that nobody reads, at a worker in a process of its own behind a relay, as the system sees it. */
import type { IncomingMessage } from "node:http";
import { expect, test, vi } from "vitest";
import { ask, startAsk } from "./support/fake-engine/infer-client.ts";
import { flood, plainText } from "./support/fake-engine/script.ts";
import { residentBytes, startRelayedNetwork } from "./support/relayed-network.ts";

const timeout = 120_000;
const mebibyte = 1_024 * 1_024;
/** How many streams are stalled when memory is read: a few, to compare with, and many. */
const few = [3, 4, 5];
const many = [25, 30, 35, 40];

test(
  "a reader who stops costs the worker at most 2 MiB and holds nobody up",
  { timeout },
  async () => {
    await using network = await startRelayedNetwork(
      plainText(...Array.from({ length: 2_000 }, () => "warm")),
      64,
    );
    const { engine, worker, url } = network;
    let ticket = await network.ticket();
    let k = 0;
    const next = () => ({ url, ticket, k: (k += 1) });
    // Whatever a process needs once is not the streams'.
    for (let round = 0; round < 3; round += 1)
      await Promise.all(Array.from({ length: 20 }, () => ask(next())));

    engine.play(flood);
    ticket = await network.ticket();
    k = 0;
    const stalled: IncomingMessage[] = [];
    const settledAt = async (count: number) => {
      while (stalled.length < count) stalled.push((await startAsk(next()).response).pause());
      let last = -1;
      const isSteady = () => {
        const hasStopped = engine.floodedBytes === last;
        last = engine.floodedBytes;
        return hasStopped;
      };
      await vi.waitUntil(isSteady, { interval: 500, timeout: 30_000 });
      return residentBytes(worker);
    };
    // Garbage that is not collected yet adds tens of MiB at one moment and none at another: the smallest counts.
    let before = Infinity;
    for (const count of few) before = Math.min(before, await settledAt(count));
    let perStream = Infinity;
    for (const count of many)
      perStream = Math.min(perStream, ((await settledAt(count)) - before) / (count - 5));
    expect(perStream / mebibyte).toBeLessThan(2);

    engine.play(plainText("whole"));
    expect((await ask(next())).text).toContain("whole");
    for (const { socket } of stalled) socket.destroy();
  },
);
