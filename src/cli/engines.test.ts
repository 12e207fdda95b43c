/** What a donor meets who types `troop worker`: engines, a locked door, or nothing at all. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { startFakeEngine } from "../../test/support/fake-engine/fake-engine.ts";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import type { Environment } from "../host/env.ts";
import { toyModelFile } from "../host/package.ts";
import type { EngineAddress } from "../worker/engines/engine-kind.ts";
import { serveRecorded } from "../worker/engines/recorded-server.ts";
import { readCliConfig, readLooks } from "./config.ts";
import { chosenEngines, type EngineContext } from "./engines.ts";
import { createOutput } from "./output.ts";

function terminal(environment: Environment = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const context: EngineContext = {
    output: createOutput({ stdout, stderr }, readLooks({}), false),
    ...{ config: readCliConfig(environment), environment },
    ...{ clock: systemClock, random: systemRandom, shutdown: new AbortController().signal },
  };
  const notes = () => String(stderr.read() ?? "");
  return { context, notes };
}

/** Where nothing listens any more. */
async function deadAddress(): Promise<EngineAddress> {
  const gone = await serveRecorded({ routes: {} });
  await gone.stop();
  return { origin: gone.origin, keyVariable: "VLLM_API_KEY" };
}

test("where no engine runs it is said where one was looked for, and what to type", async () => {
  const { context } = terminal();
  const address = await deadAddress();
  const failure = await chosenEngines(context, {}, [address]).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "engine_unavailable",
    message: expect.stringContaining(new URL(address.origin).host) as string,
    details: { run: expect.stringMatching(/--model .*troop-toy.*Ollama/) as string },
  });
});

test("a cache that cannot be written to is named, with the setting that moves it", async () => {
  const { context } = terminal({ XDG_CACHE_HOME: "/dev/null" });
  await expect(chosenEngines(context, { model: toyModelFile }, [])).rejects.toMatchObject({
    ...{ code: "data_folder_invalid", message: expect.stringContaining("/dev/null") as string },
    details: { run: expect.stringMatching(/^XDG_CACHE_HOME=/) as string },
  });
});

test("where an engine wants a key its variable is named", async () => {
  const { context, notes } = terminal();
  const forbidden = (_: unknown, __: string, refuse: (status: number) => unknown) => refuse(401);
  const routes = { "GET /health": "", "GET /v1/models": forbidden };
  const server = await serveRecorded({ routes });
  const address = { origin: server.origin, keyVariable: "VLLM_API_KEY" };
  await expect(chosenEngines(context, {}, [address])).rejects.toMatchObject({
    code: "engine_unavailable",
  });
  expect(notes()).toContain(`${server.origin} wants an API key: set VLLM_API_KEY`);
  await server.stop();
});

test("what is started after the worker is found where it was looked for, and only once", async () => {
  const { context } = terminal();
  await using first = await startFakeEngine({ type: "ollama" });
  await using late = await startFakeEngine({ type: "vllm" });
  late.die();
  const addresses = [first, late].map(({ origin }) => ({ origin }));
  const { engines, discover } = await chosenEngines(context, {}, addresses);
  expect(engines.map(({ type }) => type)).toEqual(["ollama"]);
  late.revive();
  const found = await discover!(engines, context.shutdown);
  expect(found.map(({ type }) => type)).toEqual(["vllm"]);
  expect(await discover!([...engines, ...found], context.shutdown)).toEqual([]);
});

test("an engine that is named by its URL is driven as what it is", async () => {
  const { context } = terminal();
  await using fake = await startFakeEngine({ type: "sglang" });
  const { engines } = await chosenEngines(context, { engine: `${fake.origin}/v1` }, []);
  expect(engines.map(({ type, origin }) => [type, origin])).toEqual([["sglang", fake.origin]]);
});

test("our own local API is not lent to the network, even where it is named", async () => {
  const { context } = terminal();
  const own = { status: "ok", service: "monkey-troop-client" };
  const models = { data: [{ id: "m", troop: { nodes: 1 } }] };
  const server = await serveRecorded({ routes: { "GET /health": own, "GET /v1/models": models } });
  await expect(chosenEngines(context, { engine: server.origin }, [])).rejects.toMatchObject({
    ...{ code: "engine_unavailable" },
    cause: { message: expect.stringContaining("is Monkey Troop, not an engine") as string },
  });
  await server.stop();
});

test("a URL where no engine answers, and what is no URL, are refused", async () => {
  const { context } = terminal();
  const { origin } = await deadAddress();
  await expect(chosenEngines(context, { engine: origin }, [])).rejects.toMatchObject({
    ...{ code: "engine_unavailable", details: { run: `curl ${origin}/v1/models` } },
  });
  await expect(chosenEngines(context, { engine: "ollama" }, [])).rejects.toMatchObject({
    ...{ code: "usage", message: expect.stringContaining("--engine") as string },
  });
});
