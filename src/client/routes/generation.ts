/** What chat and plain completions have in common: one request, answered as a stream or as one object. */
import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../base/clock.ts";
import type { InferencePath } from "../../protocol/chat.ts";
import { doneEvent } from "../../protocol/sse.ts";
import { headers } from "../../protocol/version.ts";
import type { Dialect } from "../dialects/answer-shape.ts";
import type { Generate } from "../generate.ts";
import { writeFailure } from "../http/errors.ts";
import { createEventStream, serverSentEvents } from "../http/event-stream.ts";
import { type Exchanges, noteIgnored, readBody } from "../http/exchange.ts";
import type { ReadRequest, Wanted } from "../read-request.ts";
import { answerWhole } from "./whole.ts";

export interface GenerationParts {
  generate: Generate;
  readRequest: ReadRequest;
  clock: Clock;
  exchanges: Exchanges;
}

export function generationRoute<Chunk extends object>(
  { generate, readRequest, clock, exchanges }: GenerationParts,
  dialect: Dialect<Chunk>,
  path: InferencePath,
) {
  async function answerStream(
    wanted: Wanted,
    response: ServerResponse,
    requestId: string,
    signal: AbortSignal,
  ): Promise<void> {
    using out = createEventStream(response, clock);
    const target = {
      node: (id: string) => out.setHeader(headers.node, id),
      take: (chunks: readonly Chunk[]) => out.write(chunks.map(serverSentEvents.format).join("")),
    };
    const result = await generate.stream(dialect, path, wanted, target, signal);
    if (result.outcome === "failed")
      return writeFailure(response, result.error, requestId, result.mayHaveBeenCharged);
    const options = wanted.fields["stream_options"] as { include_usage?: boolean } | undefined;
    const chunks = [result.finishChunk, ...(options?.include_usage ? [result.usageChunk] : [])];
    const cost = serverSentEvents.cost(result.cost);
    out.end(chunks.map(serverSentEvents.format).join("") + cost + doneEvent);
  }

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const body = readBody(request);
    await exchanges.answer(request, reply, async (response, signal) => {
      const wanted = await readRequest(path, body, signal, request.application);
      noteIgnored(response, wanted.ignored);
      const asked = [wanted, response, request.id, signal] as const;
      await (wanted.fields["stream"] === true
        ? answerStream(...asked)
        : answerWhole(generate, { dialect, path }, ...asked));
    });
  };
}
