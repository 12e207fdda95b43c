/** The local API speaks as Ollama does, where Ollama listens too; our own worker is not taken in. */
import { expect, test } from "vitest";
import { systemClock } from "../src/base/clock.ts";
import { readEngineSettings } from "../src/worker/engines/config.ts";
import { detectEngines } from "../src/worker/engines/detect.ts";
import { ollama } from "../src/worker/engines/ollama.ts";
import { startNetwork } from "./network.ts";

test("a worker does not lend the sidecar as an engine, be it named as Ollama's host or by its URL", async () => {
  await using network = await startNetwork();
  const { url } = network.sidecar;
  // It would pass: whoever asks no further than Ollama's own paths finds one.
  const probe = async (path: string) => (await fetch(url + path)).json();
  expect(await ollama.recognise(probe)).toBe(true);
  const { signal } = new AbortController();
  for (const environment of [{ OLLAMA_HOST: new URL(url).host }, { ENGINE_URL: `${url}/v1` }]) {
    const { addresses } = readEngineSettings(environment);
    const own = addresses.filter(({ origin }) => origin === url);
    expect(own).toHaveLength(1);
    const found = await detectEngines({ addresses: own, clock: systemClock, signal });
    expect(found).toEqual({ engines: [], locked: [] });
  }
});
