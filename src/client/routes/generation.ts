/** What chat and plain completions have in common: one request, answered as a stream or as one object. */
import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../base/clock.ts";
import type { InferencePath, InferenceRequest } from "../../protocol/chat.ts";
import { doneEvent, formatComment, formatEvent } from "../../protocol/sse.ts";
import { headers } from "../../protocol/version.ts";
import type { Dialect } from "../dialects/answer-shape.ts";
import type { Generate } from "../generate.ts";
import { writeFailure } from "../http/errors.ts";
import { createEventStream } from "../http/event-stream.ts";
import { type Exchanges, readInference, writeJson } from "../http/exchange.ts";

export interface GenerationParts {
  generate: Generate;
  clock: Clock;
  exchanges: Exchanges;
}

export function generationRoute<Chunk>(
  { generate, clock, exchanges }: GenerationParts,
  dialect: Dialect<Chunk>,
  path: InferencePath,
) {
  async function answerStream(
    wanted: InferenceRequest,
    response: ServerResponse,
    requestId: string,
    signal: AbortSignal,
  ): Promise<void> {
    using out = createEventStream(response, clock);
    const target = {
      node: (id: string) => out.setHeader(headers.node, id),
      take: (events: string) => out.write(events),
    };
    const result = await generate.stream(dialect, path, wanted, target, signal);
    if (result.outcome === "failed")
      return writeFailure(response, result.error, requestId, result.mayHaveBeenCharged);
    const options = wanted.fields["stream_options"] as { include_usage?: boolean } | undefined;
    const chunks = [result.finishChunk, ...(options?.include_usage ? [result.usageChunk] : [])];
    // Headers left before the cost was known; a comment is what every reader of events passes over.
    const cost = formatComment(`${headers.cost} ${result.line.cost}`);
    out.end(chunks.map(eventOf).join("") + cost + doneEvent);
  }

  async function answerWhole(
    wanted: InferenceRequest,
    response: ServerResponse,
    requestId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const result = await generate.whole(dialect, path, wanted, signal);
    if (result.outcome === "failed")
      return writeFailure(response, result.error, requestId, result.mayHaveBeenCharged);
    writeJson(response, result.body, {
      [headers.node]: result.node,
      [headers.cost]: result.line.cost,
    });
  }

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const wanted = readInference(path, request, reply);
    const answer = wanted.fields["stream"] === true ? answerStream : answerWhole;
    await exchanges.answer(request, reply, (response, signal) =>
      answer(wanted, response, request.id, signal),
    );
  };
}

const eventOf = (chunk: unknown) => formatEvent(JSON.stringify(chunk));
