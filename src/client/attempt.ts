/** One request to one node, from the one-time secret to the judged line. */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { CoordinatorTime } from "../host/coordinator-time.ts";
import { toBase64url } from "../protocol/bytes.ts";
import type { Head, InferencePath } from "../protocol/chat.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { requestName } from "../protocol/ids.ts";
import { limits } from "../protocol/limits.ts";
import type { Line } from "../protocol/receipt.ts";
import { sealFrame } from "../protocol/sealed-stream.ts";
import { headers, sealedMediaType } from "../protocol/version.ts";
import type { Acknowledger } from "./acknowledge.ts";
import { createAnswerReader } from "./answer-reader.ts";
import type { Connect } from "./connect.ts";
import type { OpenStream } from "./open-stream.ts";
import type { RecordsStore } from "./records-store.ts";
import { readRefusal } from "./refusal.ts";
import { watchSilence } from "./silence.ts";
import type { TicketUse } from "./tickets.ts";

/** Where an answer's content goes, byte for byte as the node sent it. One for each attempt. */
export interface AnswerSink {
  /** A promise asks the node to wait. @throws TroopError where the content cannot be used */
  take(bytes: Uint8Array): Promise<void> | undefined;
  /** UTF-8 bytes of delta text so far: what completion tokens are checked against. */
  textBytes(): number;
}

export interface Inquiry {
  path: InferencePath;
  /** JSON for the engine. */
  body: Uint8Array;
}

export type AttemptResult =
  | { outcome: "answered"; line: Line }
  /** Nothing was admitted, nothing can be charged. */
  | { outcome: "refused"; error: TroopError }
  /** Something may have been charged, under the name `<hold>.<k>`. */
  | { outcome: "failed"; error: TroopError; name: string };

export interface AttemptParts {
  connect: Connect;
  records: RecordsStore;
  acknowledger: Acknowledger;
  time: CoordinatorTime;
  clock: Clock;
  random: Random;
}

/** Rejects only with the reason of `signal`. */
export type Attempt = (
  inquiry: Inquiry,
  use: TicketUse,
  sink: AnswerSink,
  signal: AbortSignal,
  retryOf?: string,
) => Promise<AttemptResult>;

export function createAttempt(parts: AttemptParts): Attempt {
  const { connect, records, acknowledger, time, clock, random } = parts;

  return async (inquiry, use, sink, signal, retryOf) => {
    const { ticket, secret } = use;
    const name = requestName(ticket.hold, secret.k);
    const startedAt = clock.monotonic();
    records.begin({
      hold: ticket.hold,
      k: secret.k,
      node: ticket.node.node_id,
      model: ticket.model,
      started: time.now(),
    });
    const observe = () => ({
      elapsedMs: clock.monotonic() - startedAt,
      sentBytes: inquiry.body.length,
      textBytes: sink.textBytes(),
    });
    const refused = (error: TroopError): AttemptResult => {
      records.forget(ticket.hold, secret.k);
      use.refused();
      return { outcome: "refused", error };
    };

    using silence = watchSilence(clock, limits.engineIdleMs, signal);
    let stream: OpenStream;
    try {
      stream = await connect({
        node: ticket.node,
        headers: {
          authorization: `Bearer ${ticket.token}`,
          [headers.index]: String(secret.k),
          [headers.attempt]: toBase64url(random.bytes(attemptBytes)),
          "content-type": sealedMediaType,
        },
        body: () => wireBytes(inquiry, use),
        signal: silence.signal,
      });
    } catch (error) {
      if (error instanceof TroopError && !silence.signal.aborted) return refused(error);
      return missed(error);
    }
    try {
      const ending = await readStream(stream, sink, silence.touch);
      if (ending.kind === "refused") return refused(ending.error);
      const judgement = acknowledger.receive(use, ending.line, observe(), retryOf);
      if (judgement.verdict !== "refused") return { outcome: "answered", line: judgement.line };
      const error = new TroopError("stream_truncated", "The node's line is not of this request.");
      return { outcome: "failed", error, name };
    } catch (error) {
      return missed(error);
    }

    function missed(error: unknown): AttemptResult {
      acknowledger.miss(use, observe());
      signal.throwIfAborted();
      return { outcome: "failed", error: asTroopError(error), name };
    }
  };
}

const attemptBytes = 16;

type StreamEnding = { kind: "refused"; error: TroopError } | { kind: "line"; line: unknown };

async function readStream(
  { status, headers: outerHeaders, chunks }: OpenStream,
  sink: AnswerSink,
  touch: () => void,
): Promise<StreamEnding> {
  if (status !== 200)
    return { kind: "refused", error: await readRefusal(status, outerHeaders, chunks) };
  const reader = createAnswerReader();
  let line: { value: unknown } | undefined;
  let innerHead: { status: number; headers: Readonly<Record<string, string>> } | undefined;
  const refusal: Uint8Array[] = [];
  try {
    for await (const batch of chunks) {
      touch();
      for (const chunk of batch) {
        for (const part of reader.push(chunk)) {
          if (part.kind === "head") innerHead = part.head;
          else if (part.kind === "line") line = { value: part.line };
          else if (innerHead?.status === 200) await sink.take(part.bytes);
          else refusal.push(part.bytes);
        }
      }
    }
  } catch (error) {
    // A node that dies right after its last frame has said all that there is to say.
    if (!line || error instanceof TroopError) throw error;
  }
  reader.end();
  if (line) return { kind: "line", line: line.value };
  const { status: innerStatus, headers: innerHeaders } = innerHead!;
  return {
    kind: "refused",
    error: await readRefusal(innerStatus, innerHeaders, [refusal]),
  };
}

/** The request's frames: one buffer where it is small, else one frame after the other. */
function wireBytes({ path, body }: Inquiry, { secret }: TicketUse) {
  const head: Head = { path, k: secret.k, x: secret.x, proof: secret.path };
  const first = sealFrame({ type: "head", bytes: Buffer.from(JSON.stringify(head)) });
  if (body.length <= limits.frameBytes)
    return Buffer.concat([first, sealFrame({ type: "body", bytes: body })]);
  return (function* () {
    yield first;
    for (let start = 0; start < body.length; start += limits.frameBytes)
      yield sealFrame({ type: "body", bytes: body.subarray(start, start + limits.frameBytes) });
  })();
}

/** A connection that broke. What has no code is a fault of ours and not the node's. */
function asTroopError(error: unknown): TroopError {
  if (error instanceof TroopError) return error;
  if (typeof (error as { code?: unknown } | null)?.code !== "string") throw error;
  return new TroopError("stream_truncated", undefined, { cause: error });
}
