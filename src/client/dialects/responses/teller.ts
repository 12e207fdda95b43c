/**
 * Tells an answer as a response: its events in OpenAI's order, numbered without gaps, and the resource as it stands.
 *
 *   created → [queued] → in_progress → items, one after the other → completed | incomplete
 *   at any time: error, failed; or cancelled, of which no event tells
 */
import type { TroopError } from "../../../protocol/error-codes.ts";
import type { FinishReason } from "../answer-shape.ts";
import type { Teller } from "../teller.ts";
import { errorEvent, responseError } from "./failure.ts";
import type {
  NextId,
  OutputItem,
  ResponseEvent,
  ResponseResource,
  ResponseStatus,
} from "./items.ts";
import { readLogprobs } from "./logprobs.ts";
import { toldItem, type Unnumbered } from "./piece.ts";
import { createPieces } from "./pieces.ts";
import type { ResponsesRequest } from "./request.ts";
import { responseUsage } from "./usage.ts";

export interface ResponseTeller extends Teller<ResponseEvent> {
  /** `response.created` and what follows it, for whoever tells before there is an answer. Later calls tell nothing. */
  begin(): ResponseEvent[];
  /** It was cancelled: no event tells so. What was said until then stays, unfinished. */
  cancel(): void;
  /** As it stands now. A copy. */
  resource(): ResponseResource;
  /** The items so far, as a conversation keeps them. A copy. */
  output(): OutputItem[];
}

export interface ResponseTellerParts {
  request: Pick<ResponsesRequest, "isBackground" | "settings">;
  /** `resp_…` */
  id: string;
  /** Unix seconds. */
  createdAt: number;
  nextId: NextId;
  /** Unix seconds, for `completed_at`. */
  now: () => number;
}

/** Why a response ended before the model was done. */
const cutReasons = {
  length: "max_output_tokens",
  content_filter: "content_filter",
  stop: undefined,
  tool_calls: undefined,
} as const satisfies Record<FinishReason, string | undefined>;

type Ended = Pick<
  ResponseResource,
  "completed_at" | "error" | "incomplete_details" | "usage" | "status"
>;

export function createResponseTeller({
  request: { isBackground, settings },
  id,
  createdAt,
  nextId,
  now,
}: ResponseTellerParts): ResponseTeller {
  const pieces = createPieces(settings, nextId);
  let sequence = 0;
  let hasBegun = false;
  /** As it was asked for, until it is known who answers: a name may stand for several. */
  let { model } = settings.echo;
  let status: ResponseStatus = isBackground ? "queued" : "in_progress";
  let ended: Ended | undefined;

  const number = (events: readonly Unnumbered[]): ResponseEvent[] =>
    events.map((event) => ({ ...event, sequence_number: sequence++ }) as ResponseEvent);

  const resource = (): ResponseResource => ({
    id,
    object: "response",
    created_at: createdAt,
    status,
    completed_at: null,
    error: null,
    incomplete_details: null,
    ...structuredClone(settings.echo),
    model,
    output: pieces.items().map(toldItem),
    ...ended,
  });

  function begin(): ResponseEvent[] {
    if (hasBegun) return [];
    hasBegun = true;
    const events: Unnumbered[] = [{ type: "response.created", response: resource() }];
    events.push(
      status === "queued"
        ? { type: "response.queued", response: resource() }
        : { type: "response.in_progress", response: resource() },
    );
    return number(events);
  }

  /** Whatever is told first. */
  function lead(): ResponseEvent[] {
    const events = begin();
    if (status !== "queued") return events;
    status = "in_progress";
    return [...events, ...number([{ type: "response.in_progress", response: resource() }])];
  }

  function conclude(outcome: Ended & { status: ResponseStatus }): void {
    status = outcome.status;
    ended = outcome;
  }

  return {
    begin,
    add({ choices: [choice], model: answering }) {
      model = answering;
      const leading = lead();
      if (!choice || ended) return leading;
      const { delta, logprobs } = choice;
      return [...leading, ...number(pieces.add(delta, logprobs ? readLogprobs(logprobs) : []))];
    },
    end({ reason, usage }) {
      if (ended) return [];
      const cut = cutReasons[reason];
      // Where nothing was said, there is not even an empty message.
      const events = [...lead(), ...number(pieces.close(cut !== undefined))];
      const counted = responseUsage(usage);
      if (cut)
        conclude({
          status: "incomplete",
          incomplete_details: { reason: cut },
          usage: counted,
          error: null,
        });
      else
        conclude({
          status: "completed",
          completed_at: now(),
          usage: counted,
          error: null,
          incomplete_details: null,
        });
      const type = cut ? ("response.incomplete" as const) : ("response.completed" as const);
      return [...events, ...number([{ type, response: resource() }])];
    },
    fail(error: TroopError) {
      if (ended) return [];
      const events = lead();
      pieces.abandon();
      conclude({ status: "failed", error: responseError(error), incomplete_details: null });
      // Some applications heed only the first of the two, some only the second.
      return [
        ...events,
        ...number([errorEvent(error), { type: "response.failed", response: resource() }]),
      ];
    },
    cancel() {
      if (ended) return;
      pieces.abandon();
      conclude({ status: "cancelled", error: null, incomplete_details: null });
    },
    resource,
    output: () => pieces.items(),
    whole: resource,
  };
}
