/** `POST /v1/embeddings` */
import type { FastifyInstance } from "fastify";
import { TroopError } from "../../protocol/error-codes.ts";
import { headers } from "../../protocol/version.ts";
import type { Line } from "../../protocol/receipt.ts";
import type { AnswerSink } from "../call/attempt.ts";
import { type EmbeddingForm, shapeEmbeddings } from "../dialects/embedding.ts";
import type { Dispatch, DispatchResult } from "../course/dispatch.ts";
import { askingFor } from "../generate.ts";
import type { ReadRequest, Wanted } from "../read-request.ts";
import { writeFailure } from "../http/errors.ts";
import { type Exchanges, noteIgnored, readBody, writeJson } from "../http/exchange.ts";

/** 2,048 inputs of 4,096 dimensions as decimal text take less. */
const answerBytes = 256 * 1_024 * 1_024;

export interface EmbeddingParts {
  dispatch: Dispatch;
  exchanges: Exchanges;
  readRequest: ReadRequest;
}

export function embeddingsRoute(app: FastifyInstance, parts: EmbeddingParts): void {
  const { exchanges, readRequest } = parts;
  const path = "/v1/embeddings";
  app.post(path, async (request, reply) => {
    const asked = readBody(request);
    await exchanges.answer(request, reply, async (response, signal) => {
      const wanted = await readRequest(path, asked, signal, request.application);
      noteIgnored(response, wanted.ignored);
      const form = (wanted.fields["encoding_format"] ?? "float") as EmbeddingForm;
      const result = await askForEmbeddings(parts, wanted, signal);
      if (result.outcome === "failed")
        return writeFailure(response, result.error, request.id, result.mayHaveBeenCharged);
      const { answer, line, node } = result;
      const counted = { prompt_tokens: line.prompt_tokens };
      const shaped = shapeEmbeddings(answer, wanted.model, form, counted);
      writeJson(response, shaped, { [headers.node]: node, [headers.cost]: line.cost });
    });
  });
}

/** @returns the engine's JSON, unread. @throws TroopError `engine_error` */
export async function askForEmbeddings(
  { dispatch }: Pick<EmbeddingParts, "dispatch">,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<
  | { outcome: "answered"; answer: unknown; line: Line; node: string }
  | Extract<DispatchResult, { outcome: "failed" }>
> {
  let body = collect();
  const result = await dispatch({
    ...askingFor("/v1/embeddings", wanted, signal),
    openSink: () => (body = collect()),
    hasContent: () => false,
  });
  return result.outcome === "failed" ? result : { ...result, answer: body.json() };
}

interface Collected extends AnswerSink {
  /** @throws TroopError `engine_error` */
  json(): unknown;
}

function collect(): Collected {
  const parts: Uint8Array[] = [];
  let size = 0;
  return {
    take(bytes) {
      size += bytes.length;
      if (size > answerBytes) throw new TroopError("engine_error", "The answer is too large.");
      parts.push(bytes);
      return undefined;
    },
    // Embeddings have no completion.
    textBytes: () => 0,
    hasFailed: () => false,
    json() {
      try {
        return JSON.parse(Buffer.concat(parts).toString("utf8"));
      } catch {
        // Without its cause: the parser's message quotes the text.
        throw new TroopError("engine_error");
      }
    },
  };
}
