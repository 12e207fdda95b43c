/** What clients were seen to depend on where something fails: one test for each rule, under the rule's name. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { SidecarConfig } from "../config.ts";
import {
  post,
  startTestNetwork,
  type TestNetwork,
  whileTimePasses,
} from "../fixtures/sidecar.fixture.ts";
import { sayHello, type Script } from "../fixtures/stub-worker.fixture.ts";

const chat = "/v1/chat/completions";
const question = { model: "toy:1b", messages: [{ role: "user", content: "Hello?" }] };
const busy: Script = ({ refuse }) => refuse(503, "busy");

test("where every candidate is busy the sidecar waits 30 s, and then it is 503", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock, [busy, busy]);
  const response = await whileTimePasses(clock, post(network, chat, question));
  expect(response.status).toBe(503);
  // Rounds are two seconds apart at most; while the last nodes are being asked, time goes on here.
  expect(clock.monotonic()).toBeGreaterThanOrEqual(28_000);
  expect(clock.monotonic()).toBeLessThan(90_000);
  for (const { requests } of network.workers) expect(requests.length).toBeGreaterThan(3);
});

test("one that becomes free within 30 s answers", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock, [
    (exchange) => (clock.monotonic() < 25_000 ? busy(exchange) : sayHello(exchange)),
  ]);
  expect((await whileTimePasses(clock, post(network, chat, question))).status).toBe(200);
});

interface Failing {
  status: number;
  code: string;
  /** What `retry-after` is to be; absent: none. */
  retryAfter?: (seconds: number) => boolean;
  settings?: Partial<SidecarConfig>;
  script?: Script;
  /** The coordinator's answer to `/authorize`. */
  refusal?: TroopError;
  change?: object;
}

const waiting = (retryAfterMs: number) => ({ retryAfterMs });

const failures: Record<string, Failing> = {
  "401 for a bad key": {
    ...{ status: 401, code: "invalid_api_key" },
    settings: { apiKey: "another" },
  },
  "402 without credits": {
    ...{ status: 402, code: "insufficient_credits" },
    refusal: new TroopError("insufficient_credits"),
  },
  "404 model_not_found": {
    ...{ status: 404, code: "model_not_found" },
    change: { model: "none" },
  },
  "429 with the coordinator's retry-after": {
    ...{ status: 429, code: "rate_limit_exceeded", retryAfter: (seconds) => seconds === 7 },
    refusal: new TroopError("rate_limit_exceeded", undefined, waiting(7_000)),
  },
  "429 with retry-after where the coordinator names none": {
    ...{ status: 429, code: "rate_limit_exceeded", retryAfter: (seconds) => seconds >= 1 },
    refusal: new TroopError("rate_limit_exceeded"),
  },
  "503 with retry-after, of 60 s at most, where there is no node": {
    ...{ status: 503, code: "no_nodes_available", retryAfter: (seconds) => seconds === 60 },
    refusal: new TroopError("no_nodes_available", undefined, waiting(3_600_000)),
  },
  "503 with retry-after where nodes are busy": {
    ...{ status: 503, code: "busy", script: busy },
    retryAfter: (seconds) => seconds >= 1 && seconds <= 60,
  },
  "502 with retry-after where the only node's engine broke": {
    ...{ status: 502, code: "engine_error", script: ({ refuse }) => refuse(502, "engine_error") },
    retryAfter: (seconds) => seconds >= 1 && seconds <= 60,
  },
  "504 where a node says nothing for 300 s": {
    ...{ status: 504, code: "timeout", script: () => undefined },
  },
};

test.each(Object.entries(failures))("%s", async (_name, failing) => {
  const { status, code, retryAfter, settings, script, refusal, change } = failing;
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock, [script], settings);
  network.coordinator.before = (call) => {
    if (refusal && call === "POST /authorize") throw refusal;
  };
  const pending = post(network, chat, { ...question, ...change });
  const response = await whileTimePasses(clock, pending);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({
    error: { code, message: expect.stringMatching(/./) as string },
    request_id: response.headers.get("x-request-id"),
  });
  const wait = response.headers.get("retry-after");
  if (retryAfter) expect(Number(wait)).toSatisfy(retryAfter);
  else expect(wait).toBeNull();
});

test("an engine that breaks under a ticket at hand is 502 with retry-after, and so is whoever asks next", async () => {
  const clock = createFakeClock();
  const scripts = [sayHello];
  const broken: Script = ({ frame, end }) => {
    frame("head", { status: 502, headers: {} });
    const error = { message: "", type: "", param: null, code: "engine_error" };
    frame("body", { error, request_id: "r" }, true);
    end();
  };
  await using network = await startTestNetwork(clock, [
    (exchange) => (scripts.shift() ?? broken)(exchange),
  ]);
  const asked = async () => {
    const { status, headers } = await whileTimePasses(clock, post(network, chat, question));
    return [status, headers.has("retry-after"), headers.has("x-should-retry")];
  };
  expect(await asked()).toEqual([200, false, false]);
  expect(await asked()).toEqual([502, true, false]);
  expect(await asked()).toEqual([502, true, false]);
});

test("x-should-retry: false once something may have been charged, and only then", async () => {
  const clock = createFakeClock();
  const shouldRetry = async (script: Script, wanted: object = question, refusal?: TroopError) => {
    await using network = await startTestNetwork(clock, [script]);
    network.coordinator.before = (call) => {
      if (refusal && call === "POST /authorize") throw refusal;
    };
    const response = await whileTimePasses(clock, post(network, chat, wanted));
    return [response.status, response.headers.get("x-should-retry")];
  };
  const half: Script = (exchange) => {
    exchange.open();
    exchange.text("half");
    exchange.die();
  };
  expect(await shouldRetry(half)).toEqual([502, "false"]);
  expect(await shouldRetry(({ die }) => die())).toEqual([502, "false"]);
  // A refusal in the open may be forged: what it says it did not do, somebody may be paid for.
  expect(await shouldRetry(busy)).toEqual([503, "false"]);
  const none = new TroopError("no_nodes_available");
  expect(await shouldRetry(sayHello, question, none)).toEqual([503, null]);
  expect(await shouldRetry(sayHello, { ...question, model: "none" })).toEqual([404, null]);
});

test.each(["toy:1b", "troop/auto"])(
  "%s: where the nodes cannot be listed nothing was charged, and SDKs may try again",
  async (model) => {
    const clock = createFakeClock();
    await using network = await startTestNetwork(clock);
    network.coordinator.before = (call) => {
      if (call !== "GET /health") throw new TroopError("ledger_unavailable");
    };
    for (const path of [chat, "/v1/responses", "/v1/messages", "/api/chat"]) {
      const asked = { ...question, max_tokens: 8, input: "Hello?", model };
      const response = await whileTimePasses(clock, post(network, path, asked));
      // Or it is too late by then: time goes on here while sockets take their turns.
      expect(response.status, path).toBeOneOf([503, 504]);
      expect(response.headers.get("x-should-retry"), path).toBeNull();
    }
  },
);

const openAi = (code: string, type: string) => ({
  error: { message: expect.stringMatching(/./) as string, type, param: null, code },
  request_id: expect.stringMatching(/./) as string,
});
const anthropic = (code: string, type: string) => ({
  type: "error",
  error: { type, message: expect.stringMatching(/./) as string, details: { error_code: code } },
  request_id: expect.stringMatching(/./) as string,
});
const plainString = { error: expect.stringMatching(/^[^{[]/) as string };

const get = ({ sidecar }: TestNetwork, path: string, headers = {}) =>
  fetch(sidecar.url + path, { headers });

test.each<[path: string, foreign: object, unauthorized: object, missing: object]>([
  [
    "/v1/nothing",
    openAi("forbidden_origin", "permission_error"),
    openAi("invalid_api_key", "authentication_error"),
    openAi("not_found", "not_found_error"),
  ],
  [
    "/v1/messages/nothing",
    anthropic("forbidden_origin", "permission_error"),
    anthropic("invalid_api_key", "authentication_error"),
    anthropic("not_found", "not_found_error"),
  ],
  ["/api/nothing", plainString, plainString, plainString],
])(
  "errors are OpenAI's object on /v1, Anthropic's on Messages, a plain string on /api: %s",
  async (path, foreign, unauthorized, missing) => {
    await using network = await startTestNetwork(createFakeClock(), [undefined], { apiKey: "k" });
    const answers = [
      await get(network, path, { origin: "https://evil.example", "x-api-key": "k" }),
      await get(network, path),
      await get(network, path, { "x-api-key": "k" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 401, 404]);
    for (const { headers } of answers)
      expect(headers.get("content-type")).toMatch(/^application\/json/);
    const bodies = await Promise.all(answers.map((answer) => answer.json()));
    expect(bodies).toEqual([foreign, unauthorized, missing]);
  },
);
