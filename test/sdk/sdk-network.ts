/**
 * What the tests with real SDKs share: a whole network with one sidecar to point an SDK at, and a scripted engine
 * behind it. A file may start one network and `play` a script for each of its tests.
 */
import type { HistoryEntry } from "../../src/protocol/endpoints.ts";
import { type Network, type NetworkOptions, startNetwork } from "../network.ts";
import type { FakeEngine, RecordedRequest } from "../support/fake-engine/fake-engine.ts";
import { gatedText, type Script } from "../support/fake-engine/script.ts";

/** What the network offers. */
export const model = "test-model";

/** A PNG of one pixel, as a client may attach it. */
export const pixelPng =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const pixelUrl = `data:image/png;base64,${pixelPng}`;

export interface SdkNetwork extends AsyncDisposable {
  /** The sidecar, without a trailing slash: what Anthropic's and Ollama's SDKs take. */
  readonly url: string;
  /** The same with `/v1`: what OpenAI's takes. */
  readonly baseURL: string;
  readonly network: Network;
  readonly engine: FakeEngine;
  /** What requests from now on are answered with. */
  play(script: Script): void;
  /** The body that the engine got last. */
  lastAsked(): RecordedRequest["body"];
  /** Delivers what both sides owe the coordinator, and reads what it says of the requests. No order: time stands still. */
  settled(): Promise<HistoryEntry[]>;
}

export async function startSdkNetwork(
  script?: Script,
  options: Omit<NetworkOptions, "script"> = {},
): Promise<SdkNetwork> {
  const network = await startNetwork({ ...options, ...(script ? { script } : {}) });
  const { engine, sidecar } = network;
  return {
    ...{ url: sidecar.url, baseURL: `${sidecar.url}/v1`, network, engine },
    play: (next) => engine.play(next),
    lastAsked: () => engine.requests.all.at(-1)!.body,
    async settled() {
      await network.settle();
      const entries = await network.history(network.requester);
      return entries.filter(({ kind }) => kind === "request" || kind === "own");
    },
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}

/** Two words, each after a gate, and a gate before the end: for `firstLeavesAlone` and `cancelled`. */
export const twoWords = gatedText("one", "two");

/**
 * Shows that nothing is buffered: the engine holds its second word back until the first has been read.
 * @param texts the SDK's stream as the texts in it, those that are empty included
 */
export async function firstLeavesAlone(
  { engine }: SdkNetwork,
  texts: AsyncIterable<string>,
): Promise<string[]> {
  const read = texts[Symbol.asyncIterator]();
  const nextText = async (): Promise<string | undefined> => {
    for (;;) {
      const { value, done } = await read.next();
      if (done) return undefined;
      if (value) return value;
    }
  };
  const heard: string[] = [];
  engine.next();
  for (let text = await nextText(); text !== undefined; text = await nextText()) {
    heard.push(text);
    engine.next();
  }
  return heard;
}

/** Of `twoWords`: what the engine still waits for, though it was hung up on, would be taken from the next test. */
export const passGates = ({ engine }: SdkNetwork) =>
  ["two", "the end"].forEach(() => engine.next());

/** After the application has gone away: the engine's work ends, and what was produced is in the books. */
export async function cancelled(sdk: SdkNetwork): Promise<HistoryEntry["metadata"]> {
  await sdk.engine.aborted.next();
  const entries = await sdk.settled();
  const entry = entries.find(({ metadata }) => metadata.finish === "client_gone");
  if (!entry) throw new Error("No request in the books ended with its client's leaving.");
  return entry.metadata;
}
