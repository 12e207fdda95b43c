/** Computes one job and writes its answer, at the pace of whoever reads it, until they have it or leave. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Clock } from "../../../base/clock.ts";
import type { Random } from "../../../base/random.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { doneEvent, formatEvent } from "../../../protocol/sse.ts";
import type { AnswerHead, AnswerShape } from "./answers.ts";
import { assertFits, generate, type Job, type Outcome } from "./generate.ts";
import { errorBody, sendJson } from "./json.ts";
import type { LoadedEngine } from "./load.ts";
import type { Piece } from "./text.ts";

export interface Answering {
  engine: LoadedEngine;
  clock: Clock;
  random: Random;
  job: Job;
  shape: AnswerShape;
  idPrefix: string;
}

interface StreamChoice {
  stream?: boolean | null | undefined;
  stream_options?: { include_usage?: boolean | null | undefined } | null | undefined;
}

const busyRetryMs = 1_000;

/** Takes a slot, answers, gives it back. Rejects only before the first byte was written. */
export async function respond(
  answering: Answering,
  request: StreamChoice,
  response: ServerResponse,
): Promise<void> {
  const { engine, clock, random, job, idPrefix } = answering;
  const { model, slots, step, info } = engine;
  assertFits(job.prompt.length, info.contextLength);
  const sequence = slots.take(job.prompt);
  if (!sequence)
    throw new TroopError("busy", "Every slot of the engine is taken.", {
      retryAfterMs: busyRetryMs,
    });

  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("the client disconnected")));
  const head = {
    id: `${idPrefix}${random.uuid()}`,
    created: Math.floor(clock.now() / 1_000),
    model: info.name,
  };
  const place = { sequence, contextSize: info.contextLength, step };
  const pieces = generate(model, place, job, gone.signal);
  try {
    if (request.stream) {
      const wantsUsage = request.stream_options?.include_usage ?? false;
      await streamAnswer(answering.shape, head, pieces, wantsUsage, response, gone.signal);
    } else await wholeAnswer(answering.shape, head, pieces, response);
  } catch (error) {
    if (gone.signal.aborted) return;
    throw error;
  } finally {
    await pieces.return(undefined as never);
    slots.release(sequence);
  }
}

async function wholeAnswer(
  shape: AnswerShape,
  head: AnswerHead,
  pieces: AsyncGenerator<Piece, Outcome>,
  response: ServerResponse,
): Promise<void> {
  const collected: Piece[] = [];
  for (;;) {
    const { value, done } = await pieces.next();
    if (done) return sendJson(response, 200, shape.whole(head, collected, value));
    collected.push(value);
  }
}

/** The headers wait for the first piece, so that a prompt which fails still gets its proper status. */
async function streamAnswer(
  shape: AnswerShape,
  head: AnswerHead,
  pieces: AsyncGenerator<Piece, Outcome>,
  wantsUsage: boolean,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const send = async (text: string) => {
    if (!response.write(text)) await once(response, "drain", { signal });
  };
  const sendObject = (value: unknown) => send(formatEvent(JSON.stringify(value)));
  let { value, done } = await pieces.next();
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  try {
    let isFirst = true;
    while (!done) {
      await sendObject(shape.chunk(head, value as Piece, isFirst));
      isFirst = false;
      ({ value, done } = await pieces.next());
    }
    if (isFirst) await sendObject(shape.chunk(head, { kind: "content", text: "" }, true));
    const outcome = value as Outcome;
    await sendObject(shape.end(head, outcome.finish));
    if (wantsUsage) await sendObject(shape.usage(head, outcome));
    response.end(doneEvent);
  } catch (error) {
    if (signal.aborted) throw error;
    // Never [DONE] after a failure: whoever reads must not take it for a whole answer.
    response.end(formatEvent(JSON.stringify(errorBody(error).body)));
  }
}
