import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { systemClock, type Clock } from "../../base/clock.ts";
import { detectEngines } from "./detect.ts";
import { llamaServer, lmStudio, lmStudioOtherwise, ollama, vllm } from "./recorded-answers.ts";
import { serveRecorded } from "./recorded-server.ts";

const signal = new AbortController().signal;

/** Types found when `servers` all run, on ports that say nothing about them. */
async function detect(...servers: Awaited<ReturnType<typeof serveRecorded>>[]) {
  const addresses = servers.map(({ origin }) => ({ origin }));
  const engines = await detectEngines({ addresses, clock: systemClock, signal });
  await Promise.all(servers.map((server) => server.stop()));
  return engines.map(({ type }) => type);
}

test("engines are told apart by what they answer, whatever their port", async () => {
  const found = await detect(
    await serveRecorded(llamaServer),
    await serveRecorded(lmStudio, { otherwise: lmStudioOtherwise }),
    await serveRecorded(ollama),
    await serveRecorded(vllm),
  );
  expect(found).toEqual(["llama-server", "lm-studio", "ollama", "vllm"]);
});

test("an Ollama without models is found", async () => {
  const empty = { object: "list", data: null };
  expect(await detect(await serveRecorded({ ...ollama, "GET /v1/models": empty }))).toEqual([
    "ollama",
  ]);
});

test("an LM Studio without loaded models is found", async () => {
  const none = { ...lmStudio, "GET /v1/models": { object: "list", data: [] } };
  expect(await detect(await serveRecorded(none, { otherwise: lmStudioOtherwise }))).toEqual([
    "lm-studio",
  ]);
});

test("our coordinator is not taken for vLLM, by its health or by its headers", async () => {
  const health = { service: "monkey-troop-coordinator", status: "ok" };
  const headers = { "troop-time": "1760000000000" };
  expect(await detect(await serveRecorded({ ...vllm, "GET /health": health }))).toEqual([]);
  expect(await detect(await serveRecorded(vllm, { headers }))).toEqual([]);
});

test("some other web server is no engine", async () => {
  const hello = await serveRecorded({}, { otherwise: "hello" });
  const list = await serveRecorded({ "GET /v1/models": { data: [{ owned_by: "openai" }] } });
  expect(await detect(hello, list)).toEqual([]);
});

test("a port where nothing listens is passed over", async () => {
  const gone = await serveRecorded({});
  await gone.stop();
  expect(await detect(gone, await serveRecorded(vllm))).toEqual(["vllm"]);
});

test("a port that accepts and never answers is given up after the time limit", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const delays: number[] = [];
  // Time passes at once, as soon as somebody waits for it and the connection stands.
  const clock: Clock = {
    ...systemClock,
    timer(delayMs, callback) {
      delays.push(delayMs);
      silent.once("connection", callback);
      return { cancel: () => void silent.off("connection", callback) };
    },
  };
  const addresses = [{ origin: `http://127.0.0.1:${port}` }];
  expect(await detectEngines({ addresses, clock, signal })).toEqual([]);
  expect(delays[0]).toBe(2_000);
  silent.close();
});
