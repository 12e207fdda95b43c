/** The thin OpenAI server in front of llama.cpp: loopback only, one bearer key, nothing queued. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock } from "../../../base/clock.ts";
import type { Random } from "../../../base/random.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { limits } from "../../../protocol/limits.ts";
import { readStrictJson } from "../../../protocol/strict-json.ts";
import { chatShape, completionShape } from "./answers.ts";
import { embed } from "./embed.ts";
import { errorBody, sendJson } from "./json.ts";
import { chatJob, completionJob } from "./jobs.ts";
import type { LoadedEngine } from "./load.ts";
import { parseChat, parseCompletion, parseEmbedding } from "./requests.ts";
import { respond } from "./respond.ts";

export interface FrontOptions {
  engine: LoadedEngine;
  key: string;
  clock: Clock;
  random: Random;
}

/** Longer than any client keeps an idle connection, so that it is never we who close under a request. */
const keepAliveMs = 120_000;

const digest = (text: string) => createHash("sha256").update(text).digest();

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limits.inferenceBodyBytes) throw new TroopError("request_too_large");
    chunks.push(chunk);
  }
  return readStrictJson(Buffer.concat(chunks));
}

export function createFront({ engine, key, clock, random }: FrontOptions): Server {
  const expected = digest(`Bearer ${key}`);
  const isAllowed = (request: IncomingMessage) =>
    timingSafeEqual(digest(request.headers.authorization ?? ""), expected);
  const listed = {
    id: engine.info.name,
    object: "model",
    created: Math.floor(clock.now() / 1_000),
    owned_by: "monkey-troop",
    context_length: engine.info.contextLength,
  };

  const routes: Record<
    string,
    (request: IncomingMessage, response: ServerResponse) => Promise<void> | void
  > = {
    "GET /health": (_, response) =>
      sendJson(response, 200, {
        status: "ok",
        pid: process.pid,
        slots: engine.slots.total,
        active: engine.slots.active,
      }),
    "GET /v1/models": (_, response) => sendJson(response, 200, { object: "list", data: [listed] }),
    "POST /v1/chat/completions": async (request, response) => {
      const body = parseChat(await readJson(request));
      assertGenerates(engine);
      const job = chatJob(engine, body);
      await respond(
        { engine, clock, random, job, shape: chatShape, idPrefix: "chatcmpl-" },
        body,
        response,
      );
    },
    "POST /v1/completions": async (request, response) => {
      const body = parseCompletion(await readJson(request));
      assertGenerates(engine);
      const job = completionJob(engine, body);
      await respond(
        { engine, clock, random, job, shape: completionShape, idPrefix: "cmpl-" },
        body,
        response,
      );
    },
    "POST /v1/embeddings": async (request, response) => {
      sendJson(response, 200, await embed(engine, parseEmbedding(await readJson(request))));
    },
  };

  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0];
    const handle = async () => {
      if (!isAllowed(request))
        throw new TroopError("invalid_api_key", "The engine's key is missing or wrong.");
      const route = routes[`${request.method} ${path}`];
      if (!route) throw new TroopError("not_found");
      await route(request, response);
    };
    handle().catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const { status, body } = errorBody(error);
      sendJson(response, status, body);
    });
  });
  server.keepAliveTimeout = keepAliveMs;
  return server;
}

function assertGenerates({ embedding, info }: LoadedEngine): void {
  if (!embedding) return;
  throw new TroopError(
    "unsupported_parameter",
    `${info.name} is made for embeddings and does not generate text. Ask /v1/embeddings instead.`,
  );
}
