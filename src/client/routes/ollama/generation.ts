/** `POST /api/chat` and `POST /api/generate`: a stream of lines unless told otherwise. */
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { chatDialect } from "../../dialects/chat.ts";
import { plainCompletionDialect } from "../../dialects/ollama/plain-completion.ts";
import { type OllamaRequest, readChat, readGenerate } from "../../dialects/ollama/request.ts";
import { ollamaWords } from "../../dialects/ollama/settings.ts";
import { inOwnWords } from "../../dialects/own-words.ts";
import {
  createOllamaTeller,
  type OllamaForm,
  ollamaLines,
  ollamaObject,
} from "../../dialects/ollama/teller.ts";
import { noteIgnored, readBody, writeJson } from "../../http/exchange.ts";
import type { GenerationParts } from "../generation.ts";
import { tell } from "../tell.ts";
import { modelNameFor, type NamingParts, offeredName, toldName } from "./model-names.ts";

export interface OllamaParts extends GenerationParts, NamingParts {}

export function ollamaGenerationRoutes(app: FastifyInstance, parts: OllamaParts): void {
  app.post("/api/chat", ollamaRoute(parts, "chat", readChat));
  app.post("/api/generate", ollamaRoute(parts, "generate", readGenerate));
}

function ollamaRoute(parts: OllamaParts, form: OllamaForm, read: (body: unknown) => OllamaRequest) {
  const { readRequest, clock, exchanges } = parts;

  async function answer(
    asked: Extract<OllamaRequest, { kind: "ask" }>,
    response: ServerResponse,
    { id: requestId, application }: FastifyRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const { path, candidate, isStream } = asked;
    const model = await modelNameFor(parts, asked.model);
    const body = { ...candidate, model };
    const wanted = await readRequest(path, body, signal, application).catch((error: unknown) => {
      throw inOwnWords(ollamaWords, error);
    });
    noteIgnored(response, [...asked.ignored, ...wanted.ignored]);
    const telling = { form, model: toldName(asked.model, model, wanted), clock };
    const dialect = path === "/v1/completions" ? plainCompletionDialect : chatDialect;
    await tell(
      parts,
      {
        ...{ wanted, isStream, via: { dialect, path }, wire: ollamaLines(telling) },
        createTeller: () => createOllamaTeller(telling),
      },
      ...([response, requestId, signal] as const),
    );
  }

  /** Nothing is loaded by asking here: a node loads with the first request. Whether somebody would is told. */
  async function ready(
    { model, kind, ignored }: OllamaRequest,
    response: ServerResponse,
  ): Promise<void> {
    await offeredName(parts, model);
    noteIgnored(response, [...ignored]);
    const done = { done: true, done_reason: kind };
    writeJson(response, ollamaObject({ form, model, clock }, { text: "" }, done), {});
  }

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const asked = read(readBody(request));
    await exchanges.answer(request, reply, (response, signal) =>
      asked.kind === "ask" ? answer(asked, response, request, signal) : ready(asked, response),
    );
  };
}
