/** `POST /v1/responses`: whole, as a stream, or in the background; and how many tokens a request is. */
import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { estimateTokens } from "../dialects/anthropic/estimate.ts";
import { createEventStream, namedEvents } from "../http/event-stream.ts";
import { expectedFailure } from "../../host/framework-failure.ts";
import { noteIgnored, readBody, writeJson } from "../http/exchange.ts";
import { errorEvent } from "../dialects/responses/failure.ts";
import type { ResponseEvent } from "../dialects/responses/items.ts";
import type { ResponseTeller } from "../dialects/responses/teller.ts";
import type { BackgroundRun } from "../responses/background.ts";
import { nothingGenerated } from "../responses/drive.ts";
import type { Prepared } from "../responses/prepare.ts";
import type { Responses } from "../responses/responses.ts";
import type { GenerationParts } from "./generation.ts";
import { tell } from "./tell.ts";

export interface ResponsesParts extends GenerationParts {
  responses: Responses;
}

export function responsesRoute(app: FastifyInstance, parts: ResponsesParts): void {
  const { exchanges, responses } = parts;
  const { prepare, background, foreground } = responses;

  async function answer(
    prepared: Prepared,
    response: ServerResponse,
    requestId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { id, wanted, request } = prepared;
    const createTeller = () => keptAtEnd(prepared, prepared.createTeller());
    foreground.add(id);
    try {
      const { isStream } = request;
      const told = { wanted, isStream, createTeller, wire: namedEvents };
      await tell<ResponseEvent>(parts, told, response, requestId, signal);
    } finally {
      foreground.delete(id);
    }
  }

  /** It runs on whether or not anybody follows. */
  async function runOn(
    prepared: Prepared,
    response: ServerResponse,
    requestId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const run = background.start(prepared, requestId);
    if (!prepared.request.isStream) return writeJson(response, run.resource(), {});
    await follow(parts, run, -1, response, signal);
  }

  app.post("/v1/responses", async (request, reply) => {
    const body = readBody(request);
    await exchanges.answer(request, reply, async (response, signal) => {
      const prepared = await prepare(body, signal, request.application);
      noteIgnored(response, prepared.ignored);
      const { isWarmUp, isBackground } = prepared.request;
      if (isWarmUp) return warmUp(prepared, response);
      await (isBackground ? runOn : answer)(prepared, response, request.id, signal);
    });
  });

  // Without asking anybody: a node would have to load the model, and be paid, for what is an estimate at best.
  app.post("/v1/responses/input_tokens", (request) => {
    const { chat } = responses.read({ model: "any", ...(readBody(request) as object) });
    const input_tokens = estimateTokens(chat as Readonly<Record<string, unknown>>);
    return { object: "response.input_tokens", input_tokens };
  });
}

/** Before the event that says so leaves: an application that goes on from it at once must find it. */
function keptAtEnd(prepared: Prepared, teller: ResponseTeller): ResponseTeller {
  const kept = <Result>(result: Result): Result => {
    prepared.keep(teller);
    return result;
  };
  return {
    ...teller,
    end: (ending) => kept(teller.end(ending)),
    fail: (error, requestId) => kept(teller.fail(error, requestId)),
  };
}

/** `generate: false`: its input is kept to be gone on from, and nobody is asked anything. */
function warmUp(prepared: Prepared, response: ServerResponse): void {
  const teller = keptAtEnd(prepared, prepared.createTeller());
  const events = [...teller.begin(), ...teller.end(nothingGenerated)];
  if (!prepared.request.isStream) return writeJson(response, teller.whole(), {});
  response
    .writeHead(200, { "content-type": namedEvents.contentType })
    .end(events.map(namedEvents.format).join(""));
}

/** The events of one that runs by itself, as they come. @param after the last that is known, by its number */
export async function follow(
  { clock }: Pick<ResponsesParts, "clock">,
  run: BackgroundRun,
  after: number,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  using out = createEventStream(response, clock, namedEvents);
  // Whoever comes back knows at once that there is somebody, whenever the next event comes.
  void out.write(namedEvents.keepAlive());
  let last = after;
  try {
    for await (const events of run.events.follow(after, signal)) {
      await out.write(events.map(namedEvents.format).join(""));
      last = events.at(-1)!.sequence_number;
    }
    out.end("");
  } catch (error) {
    const expected = expectedFailure(error);
    if (!expected) throw error;
    // In this API's own form, and numbered: it is not an answer that begins with a failure.
    const told = { ...errorEvent(expected), sequence_number: last + 1 };
    out.end(namedEvents.format(told));
  }
}
