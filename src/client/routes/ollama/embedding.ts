/** `POST /api/embed`, and `POST /api/embeddings` as it was before. */
import type { FastifyInstance } from "fastify";
import type { Clock } from "../../../base/clock.ts";
import { headers } from "../../../protocol/version.ts";
import {
  type EmbeddingWish,
  readEmbed,
  readOldEmbeddings,
  unitVector,
  vectorsOf,
} from "../../dialects/ollama/embedding.ts";
import { ollamaWords } from "../../dialects/ollama/settings.ts";
import { inOwnWords } from "../../dialects/own-words.ts";
import { writeFailure } from "../../http/errors.ts";
import { noteIgnored, readBody, writeJson } from "../../http/exchange.ts";
import { askForEmbeddings, type EmbeddingParts } from "../embeddings.ts";
import { modelNameFor, type NamingParts, toldName } from "./model-names.ts";

interface Embedded {
  model: string;
  vectors: number[][];
  promptTokens: number;
  durationMs: number;
}

export function ollamaEmbeddingRoutes(
  app: FastifyInstance,
  parts: EmbeddingParts & NamingParts & { clock: Clock },
): void {
  const { exchanges, readRequest, clock } = parts;

  const route = (
    url: string,
    read: (body: unknown) => EmbeddingWish,
    shape: (embedded: Embedded) => object,
  ) =>
    app.post(url, async (request, reply) => {
      const asked = read(readBody(request));
      await exchanges.answer(request, reply, async (response, signal) => {
        const startedAt = clock.monotonic();
        const { model: name, candidate } = asked;
        if (asked.isEmpty) {
          const nothing = { model: name, vectors: [], promptTokens: 0, durationMs: 0 };
          return writeJson(response, shape(nothing), {});
        }
        const model = await modelNameFor(parts, name);
        const body = { ...candidate, model };
        const { application } = request;
        const wanted = await readRequest("/v1/embeddings", body, signal, application).catch(
          (error: unknown) => {
            throw inOwnWords(ollamaWords, error);
          },
        );
        noteIgnored(response, [...asked.ignored, ...wanted.ignored]);
        const result = await askForEmbeddings(parts, wanted, signal);
        if (result.outcome === "failed")
          return writeFailure(response, result.error, request.id, result.mayHaveBeenCharged);
        const { answer, line, node } = result;
        const counted = { prompt_tokens: line.prompt_tokens };
        const read = vectorsOf(answer, wanted.model, counted);
        const durationMs = clock.monotonic() - startedAt;
        const head = { [headers.node]: node, [headers.cost]: line.cost };
        const told = toldName(name, model, wanted);
        writeJson(response, shape({ model: told, ...read, durationMs }), head);
      });
    });

  route("/api/embed", readEmbed, ({ model, vectors, promptTokens, durationMs }) => ({
    model,
    embeddings: vectors.map(unitVector),
    total_duration: Math.round(durationMs * 1e6),
    load_duration: 0,
    prompt_eval_count: promptTokens,
  }));
  route("/api/embeddings", readOldEmbeddings, ({ vectors }) => ({ embedding: vectors[0] ?? [] }));
}
