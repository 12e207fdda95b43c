/** Answers a chat in an API's own events: as a stream of them, or as the one object they amount to. */
import type { ServerResponse } from "node:http";
import { expectedFailure } from "../../host/framework-failure.ts";
import type { InferencePath } from "../../protocol/chat.ts";
import type { Wanted } from "../read-request.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { headers } from "../../protocol/version.ts";
import type { Dialect } from "../dialects/answer-shape.ts";
import { chatDialect } from "../dialects/chat.ts";
import type { ChatChunk } from "../dialects/chat-chunk.ts";
import { endingOf, foldedBy, type Teller } from "../dialects/teller.ts";
import { writeFailure } from "../http/errors.ts";
import { createEventStream, type WireForm } from "../http/event-stream.ts";
import type { GenerationParts } from "./generation.ts";
import { answerWhole } from "./whole.ts";

export interface Told<Event extends object> {
  wanted: Wanted;
  isStream: boolean;
  /** A new one for each attempt at a whole answer. */
  createTeller(): Teller<Event>;
  wire: WireForm<Event>;
  /** For what an API asks otherwise than as a chat, and tells like one. */
  via?: { dialect: Dialect<ChatChunk>; path: InferencePath };
}

const asChat = { dialect: chatDialect, path: "/v1/chat/completions" } as const;

export async function tell<Event extends object>(
  { generate, clock }: Pick<GenerationParts, "generate" | "clock">,
  { wanted, isStream, createTeller, wire, via = asChat }: Told<Event>,
  response: ServerResponse,
  requestId: string,
  signal: AbortSignal,
): Promise<void> {
  const { dialect, path } = via;
  if (!isStream) {
    const folded = { dialect: foldedBy(createTeller, dialect), path };
    return answerWhole(generate, folded, wanted, response, requestId, signal);
  }
  using out = createEventStream(response, clock, wire);
  const teller = createTeller();
  const format = (events: readonly Event[]) => events.map(wire.format).join("");
  const target = {
    node: (id: string) => out.setHeader(headers.node, id),
    take: (chunks: readonly ChatChunk[]) => out.write(format(chunks.flatMap(teller.add))),
  };
  try {
    const result = await generate.stream(dialect, path, wanted, target, signal);
    if (result.outcome === "answered") {
      const ending = format(teller.end(endingOf(result)));
      // Before the ending: some applications hang up once they have it.
      return out.end(wire.cost(result.cost) + ending);
    }
    if (response.headersSent) out.end(format(teller.fail(result.error, requestId)));
    else writeFailure(response, result.error, requestId, result.mayHaveBeenCharged);
  } catch (error) {
    // An answer that has begun must not break off as if it were whole; whoever called us logs what is not expected.
    const shown = expectedFailure(error) ?? new TroopError("internal_error");
    if (response.headersSent && !response.writableEnded)
      out.end(format(teller.fail(shown, requestId)));
    throw error;
  }
}
