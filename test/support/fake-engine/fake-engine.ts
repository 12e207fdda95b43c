/** A scripted inference engine: a real HTTP server on a free loopback port that speaks the OpenAI dialect. */
import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { TroopError } from "../../../src/protocol/error-codes.ts";
import type { Model } from "../../../src/protocol/node.ts";
import { type Engine, openAiPath } from "../../../src/worker/engines/engine.ts";
import { createMailbox, type Mailbox } from "./mailbox.ts";
import { describeItself, type Played } from "./native-api.ts";
import { plainText, promptTokens, type Script, type Step } from "./script.ts";

export interface RecordedRequest {
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

export interface FakeEngine extends AsyncDisposable {
  /** The driver that the worker is given. */
  readonly engine: Engine;
  readonly origin: string;
  /** Every request, in order; `await requests.next()` waits for one. */
  readonly requests: Mailbox<RecordedRequest>;
  /** Requests on which the worker hung up. */
  readonly aborted: Mailbox<RecordedRequest>;
  /** Bytes that floods have written so far, be they read or not. */
  readonly floodedBytes: number;
  /** What requests from now on are answered with: all alike, or each as its body is. */
  play(script: Script | ((body: Record<string, unknown>) => Script)): void;
  /** Opens one gate: the one that is waited at, or the next that is reached. */
  next(): void;
  /** What `inspect` answers; undefined: the engine is away. */
  offer(models: Model[] | undefined): void;
  /** The process dies: streams break, and nobody answers until it is started again. */
  die(): void;
  revive(): void;
}

export interface FakeEngineOptions {
  models?: readonly (string | Model)[];
  script?: Script;
  type?: string;
  slots?: number;
}

export const testModel = (name: string): Model => ({
  name,
  capabilities: ["chat", "completion", "embedding"],
  loaded: true,
});

export async function startFakeEngine(options: FakeEngineOptions = {}): Promise<FakeEngine> {
  const { models = ["test-model"], type = "openai", slots = 4 } = options;
  const usual = options.script ?? plainText("Hello", " world");
  let script: Script | ((body: Record<string, unknown>) => Script) = usual;
  let offered: Model[] | undefined = models.map((model) =>
    typeof model === "string" ? testModel(model) : model,
  );
  const requests = createMailbox<RecordedRequest>();
  const aborted = createMailbox<RecordedRequest>();
  const permits = createMailbox<true>();
  const flooded = { bytes: 0 };

  async function answer(request: IncomingMessage, response: ServerResponse) {
    if (request.method === "GET" || request.url === "/api/show")
      return sendSelf(response, request.url!, offered && { type, models: offered, slots });
    const played = script;
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    const playing = typeof played === "function" ? played(body) : played;
    const recorded = { path: request.url!, headers: request.headers, body };
    requests.put(recorded);
    response.once("close", () => {
      if (!response.writableFinished) aborted.put(recorded);
    });
    if (request.url === "/api/generate") return void response.end(JSON.stringify({ done: true }));
    switch (playing.type) {
      case "refuse":
        return void response.destroy();
      case "status":
        response.writeHead(playing.status, { "content-type": "application/json" });
        return void response.end(playing.body);
      case "stream":
        if (request.url === "/v1/embeddings") return sendEmbedding(response, body);
        return perform(playing.steps, response, body, { permits, flooded });
      default:
        return playing satisfies never;
    }
  }

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  let isDead = false;
  server.on("connection", (socket) => void (isDead && socket.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    requests,
    aborted,
    get floodedBytes() {
      return flooded.bytes;
    },
    play(next) {
      script = next;
    },
    next: () => permits.put(true),
    offer(next) {
      offered = next;
    },
    die() {
      isDead = true;
      server.closeAllConnections();
    },
    revive() {
      isDead = false;
    },
    engine: {
      ...{ type, origin, slots, headers: { "x-engine-key": "engine-secret" }, path: openAiPath },
      async inspect() {
        if (!offered || isDead) throw new TroopError("engine_error");
        return { version: "1.0", models: offered };
      },
      async [Symbol.asyncDispose]() {},
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function perform(
  steps: readonly Step[],
  response: ServerResponse,
  { model, stream_options }: Record<string, unknown>,
  { permits, flooded }: { permits: Mailbox<true>; flooded: { bytes: number } },
): Promise<void> {
  const common = {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model,
  };
  const send = (fields: object) =>
    response.write(`data: ${JSON.stringify({ ...common, ...fields })}\n\n`);
  const choice = (delta: object, finish_reason: string | null) => [
    { index: 0, delta, finish_reason },
  ];
  let deltas = 0;
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  for (const step of steps) {
    switch (step.type) {
      case "delta":
        if (step.delta.content !== "") deltas += 1;
        send({ choices: choice(step.delta, null) });
        break;
      case "finish":
        send({ choices: choice({}, step.reason) });
        break;
      case "usage":
        // As OpenAI does: only for those who asked.
        if ((stream_options as { include_usage?: boolean } | undefined)?.include_usage)
          send({
            choices: [],
            usage: { prompt_tokens: promptTokens, completion_tokens: deltas },
          });
        break;
      case "raw":
        response.write(step.text);
        break;
      case "gate":
        await permits.next();
        break;
      case "stall":
        return;
      case "cut":
        // What was written before is delivered first.
        response.write("", () => response.destroy());
        return;
      case "flood":
        return flood(response, (content) => {
          flooded.bytes += content.length;
          return send({ choices: choice({ content }, null) });
        });
      default:
        step satisfies never;
    }
  }
  response.end();
}

async function flood(response: ServerResponse, send: (content: string) => boolean) {
  const closed = once(response, "close");
  while (!response.destroyed) {
    if (!send("x".repeat(262_144))) await Promise.race([once(response, "drain"), closed]);
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a worker that drives this engine over HTTP finds out about it. */
function sendSelf(response: ServerResponse, path: string, played: Played | undefined) {
  const said = played && describeItself(path, played);
  response.writeHead(said ? 200 : 404, { "content-type": "application/json" });
  response.end(JSON.stringify(said ?? {}));
}

function sendEmbedding(response: ServerResponse, { model, input }: Record<string, unknown>) {
  const inputs = Array.isArray(input) ? input : [input];
  const data = inputs.map((_, index) => ({ object: "embedding", index, embedding: [0.5, -0.25] }));
  const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ object: "list", model, data, usage }));
}
