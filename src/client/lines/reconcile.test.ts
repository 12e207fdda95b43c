/** A client that was killed, or lost its node, before the line: what it says of the request afterwards. */
import OpenAI from "openai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type Network, startNetwork } from "../../../test/network.ts";
import { gatedText } from "../../../test/support/fake-engine/script.ts";
import { systemRandom } from "../../base/random.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import { createLog } from "../../host/log.ts";
import { readSidecarConfig } from "../config.ts";
import { startSidecar } from "../sidecar.ts";

async function startNext({ coordinator, clock, requester }: Network, dataFolder: string) {
  const listen = { host: "127.0.0.1", port: 0 };
  const config = readSidecarConfig({}, { coordinatorUrl: coordinator.url, dataFolder, listen });
  const parts = { clock, random: systemRandom, log: createLog("silent"), account: requester };
  return startSidecar(config, parts);
}

/** A sidecar that ends after the first word, or before it, with the engine at work for some seconds. */
async function leaveBehind(network: Network, folder: string, isBeforeWords: boolean) {
  const sidecar = await startNext(network, folder);
  const sdk = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "any", maxRetries: 0 });
  const question = {
    model: "test-model",
    messages: [{ role: "user" as const, content: "Count." }],
    stream: true as const,
  };
  const leave = new AbortController();
  const stream = sdk.chat.completions.create(question, { signal: leave.signal });
  if (isBeforeWords) {
    stream.catch(() => undefined);
    await network.engine.requests.next();
    // Within the first ten seconds it would be free.
    await network.clock.advance(15_000);
    leave.abort();
  } else {
    network.engine.next();
    for await (const chunk of await stream) {
      if (!chunk.choices[0]?.delta.content) continue;
      await network.clock.advance(3_000);
      break;
    }
  }
  await network.engine.aborted.next();
  await sidecar[Symbol.asyncDispose]();
  await network.settle();
}

test.each([
  ["killed before the line", "outcome = null, billed_ms = null, completion_tokens = null", "ok"],
  ["left by its application before a word came", "", "ok"],
  [
    "cut off from its node before anything came",
    "outcome = 'no_line', completion_tokens = 0",
    "not_received",
  ],
])(
  "a client that was %s acknowledges afterwards what it finds vesting",
  async (_how, left, verdict) => {
    const folder = mkdtempSync(join(tmpdir(), "troop-client-"));
    await using network = await startNetwork({ script: gatedText("one", "two") });
    await leaveBehind(network, folder, left === "");
    const requestOf = async () =>
      (await network.history(network.requester)).find(({ kind }) => kind === "request");
    expect((await requestOf())!.metadata).toMatchObject({ state: "vesting", verdict: null });
    if (left) {
      using database = openLocalDatabase(folder, "client.sqlite");
      database.sqlite.exec(`update request_record set ${left}`);
    }
    await using sidecar = await startNext(network, folder);
    await vi.waitFor(
      async () => {
        sidecar.flush();
        await network.clock.advance(1_000);
        // Of a first request nothing comes back at once: there is nothing yet to measure it against.
        const state = verdict === "ok" ? "settled" : "vesting";
        expect((await requestOf())!.metadata).toMatchObject({ state, verdict });
        // The coordinator's answer is on its way.
        expect(sidecar.pending()).toBe(0);
      },
      { timeout: 20_000, interval: 5 },
    );
    // What it cost is known now, and counts instead of the most that it might have.
    expect(sidecar.status().spending.day.spent).toBe((await requestOf())!.amount.replace("-", ""));
    expect(await network.coordinator.auditLedger()).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  },
);
