import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { systemClock, type Clock } from "../../base/clock.ts";
import { detectEngines } from "./detect.ts";
import type { EngineAddress } from "./engine-kind.ts";
import {
  llamaServerRecording,
  llamaServerRouter,
  llamaServerSparse,
} from "./recorded-llama-server.ts";
import {
  lmStudioOldest,
  lmStudioRecording,
  lmStudioSparse,
  lmStudioZeroth,
} from "./recorded-lm-studio.ts";
import { ollamaRecording, ollamaSparse } from "./recorded-ollama.ts";
import { type Recording, type RecordedServer, serveRecorded } from "./recorded-server.ts";
import { sglangRecording, sglangSparse } from "./recorded-sglang.ts";
import { vllmRecording, vllmSparse } from "./recorded-vllm.ts";

const signal = new AbortController().signal;

/** What is found when all of these run, on ports that say nothing about them. */
async function detect(servers: RecordedServer[], more: Partial<EngineAddress> = {}) {
  const addresses = servers.map(({ origin }) => ({ origin, ...more }));
  const { engines, locked } = await detectEngines({ addresses, clock: systemClock, signal });
  await Promise.all(servers.map((server) => server.stop()));
  return { types: engines.map(({ type }) => type), locked: locked.length };
}

const without = (recording: Recording, changes: object): Recording => ({
  ...recording,
  routes: { ...recording.routes, ...changes },
});

test("engines of all versions are told apart by what they answer, whatever their port", async () => {
  const recordings: [string, Recording][] = [
    ["llama-server", llamaServerRecording],
    ["llama-server", llamaServerSparse],
    ["llama-server", llamaServerRouter],
    ["lm-studio", lmStudioRecording],
    ["lm-studio", lmStudioZeroth],
    ["lm-studio", lmStudioSparse],
    ["lm-studio", lmStudioOldest],
    ["ollama", ollamaRecording],
    ["ollama", ollamaSparse],
    ["sglang", sglangRecording],
    ["sglang", sglangSparse],
    ["vllm", vllmRecording],
    ["vllm", vllmSparse],
  ];
  const servers = await Promise.all(recordings.map(([, recording]) => serveRecorded(recording)));
  expect((await detect(servers)).types).toEqual(recordings.map(([type]) => type));
});

const noModels = { "GET /v1/models": { object: "list", data: [] } };
test.each<[string, Recording]>([
  ["ollama", without(ollamaRecording, { "GET /v1/models": { object: "list", data: null } })],
  ["lm-studio", without(lmStudioRecording, noModels)],
  ["llama-server", without(llamaServerRecording, noModels)],
  ["sglang", without(sglangRecording, noModels)],
  ["vllm", without(vllmRecording, noModels)],
])("an engine without models is found: %s", async (type, recording) => {
  expect((await detect([await serveRecorded(recording)])).types).toEqual([type]);
});

test("an SGLang or llama-server that also speaks Ollama's API is not taken for Ollama", async () => {
  const { "GET /api/version": version, "GET /api/tags": tags } = ollamaRecording.routes;
  const both = { ...noModels, "GET /api/version": version, "GET /api/tags": tags };
  const servers = [
    await serveRecorded(without(sglangRecording, both)),
    await serveRecorded(without(llamaServerRecording, both)),
  ];
  expect((await detect(servers)).types).toEqual(["sglang", "llama-server"]);
});

test.each(["coordinator", "worker", "relay", "client"])(
  "our own %s is not taken for an engine, whatever else it answers",
  async (role) => {
    const health = { "GET /health": { service: `monkey-troop-${role}`, status: "ok" } };
    for (const recording of [vllmRecording, llamaServerRecording, ollamaRecording]) {
      const server = await serveRecorded(without(recording, health));
      expect((await detect([server], { isNamed: true })).types).toEqual([]);
    }
  },
);

test("a coordinator is known by its headers too, and is shown no key", async () => {
  let keys = 0;
  const counting = (request: { headers: object }) => {
    if ("authorization" in request.headers) keys += 1;
    return { data: [] };
  };
  const headers = { "troop-time": "1760000000000" };
  const routes = { "GET /health": counting, "GET /v1/models": counting };
  const server = await serveRecorded({ routes }, { headers });
  expect((await detect([server], { apiKey: "secret" })).types).toEqual([]);
  expect(keys).toBe(0);
});

test("some other web server is no engine, even one that answers 200 to everything", async () => {
  const hello = await serveRecorded({ routes: {}, otherwise: "hello" });
  const list = await serveRecorded({
    routes: { "GET /v1/models": { data: [{ id: "m", owned_by: "openai" }] } },
  });
  expect(await detect([hello, list])).toEqual({ types: [], locked: 0 });
});

test("at an address that the owner named, any list of models will do", async () => {
  const models = { data: [{ id: "m", owned_by: "openai" }] };
  const server = await serveRecorded({ routes: { "GET /v1/models": models } });
  expect((await detect([server], { isNamed: true })).types).toEqual(["openai"]);
});

test("an engine that wants a key is not lent, and is named to the owner", async () => {
  const refused = (_: unknown, __: string, refuse: (status: number) => unknown) => refuse(401);
  // As vLLM does with `--api-key`: only what is under `/v1` is locked.
  const server = await serveRecorded(without(vllmRecording, { "GET /v1/models": refused }));
  expect(await detect([server])).toEqual({ types: [], locked: 1 });
});

test("a port where nothing listens is passed over", async () => {
  const gone = await serveRecorded({ routes: {} });
  await gone.stop();
  expect((await detect([gone, await serveRecorded(vllmRecording)])).types).toEqual(["vllm"]);
});

test("a port that accepts and never answers is given up after the time limit", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const delays: number[] = [];
  // Time passes at once, as soon as somebody waits for an answer and the connection stands.
  const clock: Clock = {
    ...systemClock,
    timer(delayMs, callback) {
      delays.push(delayMs);
      if (delayMs === 2_000) silent.once("connection", callback);
      return { cancel: () => void silent.off("connection", callback) };
    },
  };
  const addresses = [{ origin: `http://127.0.0.1:${port}` }];
  expect((await detectEngines({ addresses, clock, signal })).engines).toEqual([]);
  expect(delays).toEqual([4_000, 2_000]);
  silent.close();
});
