/** What a collector of OpenTelemetry gets of a network: one tree for a request, and not a word of what was asked. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { beforeAll, expect, test } from "vitest";
import { createMachine } from "../src/cli/command-line.fixture.ts";
import { systemClock } from "../src/base/clock.ts";
import { systemRandom } from "../src/base/random.ts";
import { readTelemetryConfig } from "../src/host/observe/config.ts";
import { openTelemetry } from "../src/host/observe/telemetry.ts";
import { makeSigner, type Network, type NetworkOptions, startNetwork } from "./network.ts";
import { type Collector, type Span, startCollector } from "./support/otlp-collector.ts";
import { startFakeEngine, testModel } from "./support/fake-engine/fake-engine.ts";
import { plainText } from "./support/fake-engine/script.ts";
import { findMarks, newMark } from "./support/privacy/marks.ts";

const roles = ["client", "coordinator", "worker"] as const;

const ask = (network: Network, content: string, headers = {}) =>
  fetch(`${network.sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content }] }),
  });

/** A network of which everybody named traces. `ended` closes it and resolves with what the collector has then. */
async function tracedNetwork(who: readonly (typeof roles)[number][], options: NetworkOptions = {}) {
  const collector = await startCollector();
  const telemetries = who.map((role) => [role, collector.telemetry(role)] as const);
  const tracers = Object.fromEntries(telemetries.map(([role, { tracer }]) => [role, tracer]));
  const network = await startNetwork({ ...options, tracers });
  return {
    collector,
    network,
    async ended(): Promise<Span[]> {
      await network[Symbol.asyncDispose]();
      for (const [, telemetry] of telemetries) await telemetry[Symbol.asyncDispose]();
      await collector[Symbol.asyncDispose]();
      return collector.spans();
    },
  };
}

let spans: Span[];
let collector: Collector;
let marks: string[];
let engineHeaders: Record<string, unknown>;
let requestId: string | null;
let said: string;
beforeAll(async () => {
  const traced = await tracedNetwork(roles);
  ({ collector } = traced);
  marks = [newMark(), newMark()];
  const { network } = traced;
  network.engine.play(plainText(marks[1]!));
  const answer = await ask(network, marks[0]!);
  requestId = answer.headers.get("x-request-id");
  said = await answer.text();
  engineHeaders = (await network.engine.requests.next()).headers;
  spans = await traced.ended();
}, 60_000);

/** Spans of the one request. */
const tree = () => {
  const root = spans.find(({ name }) => name === "POST /v1/chat/completions")!;
  return spans.filter(({ traceId }) => traceId === root.traceId);
};
const pathTo = (span: Span): string[] => {
  const parent = tree().find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent ? pathTo(parent) : []), `${span.service}: ${span.name}`];
};

test("a request is one tree, from the client to the coordinator and through the worker to the engine", () => {
  const paths = tree().map((span) => pathTo(span).join(" > "));
  // Who lends is asked once in a while, by whichever request comes then.
  const ofRequest = paths.filter((path) => !path.includes("GET /peers"));
  const root = "client: POST /v1/chat/completions";
  expect(ofRequest.toSorted()).toEqual(
    [
      root,
      `${root} > client: POST /authorize`,
      `${root} > client: POST /authorize > coordinator: POST /authorize`,
      `${root} > client: chat test-model`,
      `${root} > client: chat test-model > worker: POST /infer`,
      `${root} > client: chat test-model > worker: POST /infer > worker: chat test-model`,
    ].toSorted(),
  );
});

test("its spans say what was used, by the names that GenAI has, and who worked", () => {
  const chats = tree().filter(({ name }) => name === "chat test-model");
  for (const { attributes } of chats)
    expect(attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "test-model",
      "gen_ai.usage.output_tokens": expect.stringMatching(/^[1-9]/) as string,
    });
  const providers = chats.map(({ attributes }) => attributes["gen_ai.provider.name"]);
  expect(new Set(providers)).toEqual(new Set(["monkey_troop", "openai"]));
});

test("one name goes with the request from the client to the engine, and one id to the coordinator", () => {
  const named = tree().flatMap(({ attributes }) => attributes["troop.request"] ?? []);
  expect(new Set(named).size).toBe(1);
  expect(named).toContain(engineHeaders["x-request-id"]);
  const ids = tree().flatMap(({ attributes }) => attributes["troop.request_id"] ?? []);
  expect(new Set(ids)).toEqual(new Set([requestId]));
  expect(ids.length).toBeGreaterThan(1);
});

test("the engine is told of the span that asks it", () => {
  const engineCall = tree().find(
    ({ service, name }) => service === "worker" && name === "chat test-model",
  )!;
  expect(engineHeaders["traceparent"]).toBe(`00-${engineCall.traceId}-${engineCall.spanId}-01`);
});

test("not a word of what was asked or answered is in any of it", () => {
  expect(said).toContain(JSON.stringify(marks[1]));
  expect(findMarks(marks, { collector: collector.bodies.slice() })).toEqual([]);
});

test("a request whose client does not trace has nothing that joins what coordinator and worker saw of it", async () => {
  const traced = await tracedNetwork(["coordinator", "worker"]);
  const { status } = await ask(traced.network, "Hi", {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  });
  expect(status).toBe(200);
  const found = await traced.ended();
  const [authorized] = found.filter(({ name }) => name === "POST /authorize");
  const [inferred] = found.filter(({ name }) => name === "POST /infer");
  expect(authorized!.traceId).not.toBe(inferred!.traceId);
  for (const span of [authorized!, inferred!]) {
    expect(span.parentSpanId).toBeUndefined();
    expect(span.traceId).not.toBe("0af7651916cd43dd8448eb211c80319c");
  }
}, 60_000);

test("an application's own trace is not told to anybody: nodes could tell its requests by it", async () => {
  const traced = await tracedNetwork(["client", "worker"]);
  const foreign = "0af7651916cd43dd8448eb211c80319c";
  await ask(traced.network, "Hi", { traceparent: `00-${foreign}-b7ad6b7169203331-01` });
  const found = await traced.ended();
  expect(found.length).toBeGreaterThan(3);
  expect(found.map(({ traceId }) => traceId)).not.toContain(foreign);
}, 60_000);

test("a collector that is dead, and one that never answers, fail no request and hold up none", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  for (const endpoint of [`http://127.0.0.1:${port}`, "http://127.0.0.1:1"]) {
    const config = readTelemetryConfig(
      {
        ...{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_MAX_QUEUE_SIZE: "2" },
        ...{ OTEL_BSP_SCHEDULE_DELAY: "1" },
      },
      "client",
    )!;
    const telemetry = openTelemetry(config, { clock: systemClock, random: systemRandom });
    {
      const { tracer } = telemetry;
      const tracers = { client: tracer, worker: tracer, coordinator: tracer };
      await using network = await startNetwork({ tracers });
      for (let count = 0; count < 3; count += 1)
        expect((await ask(network, "Hi")).status).toBe(200);
    }
    expect(telemetry.dropped()).toBeGreaterThan(0);
    silent.close();
    for (const socket of sockets) socket.destroy();
    await telemetry[Symbol.asyncDispose]();
  }
}, 60_000);

test("comparisons of nodes tell a collector nothing of themselves, and nodes no more than anybody does", async () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const engines = await Promise.all(
    [1, 2].map(() => startFakeEngine({ models: [{ ...testModel("test-model"), digest }] })),
  );
  const traced = await tracedNetwork(["coordinator", "worker"], { engines: [engines[0]!.engine] });
  const { network, collector: theirs } = traced;
  await network.addWorker(await makeSigner(), { engines: [engines[1]!.engine] });
  using operator = createMachine(network.coordinator.url, {
    ...{ ...theirs.environment, DATABASE_URL: network.databaseUrl! },
  });
  expect((await operator.troop("admin", "canary", "--json")).code).toBe(0);
  expect((await ask(network, "Hi")).status).toBe(200);
  const { headers: asked } = await engines[0]!.requests.next();
  expect(asked["x-request-id"]).toMatch(/^[0-9a-f-]{36}\.\d+$/);
  const found = await traced.ended();
  for (const engine of engines) await engine[Symbol.asyncDispose]();
  const inferred = found.filter(({ name }) => name === "POST /infer");
  expect(inferred.length).toBeGreaterThan(10);
  // Those of the comparison and the one that anybody asked look alike: none is part of anything.
  for (const { parentSpanId, attributes } of inferred)
    expect([parentSpanId, Object.keys(attributes)]).toEqual([undefined, ["troop.request"]]);
  expect(new Set(found.map(({ service }) => service))).toEqual(new Set(["coordinator", "worker"]));
}, 60_000);
