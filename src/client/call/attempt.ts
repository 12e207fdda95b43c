/** One request to one node, from the one-time secret to the judged line. */
import type { Clock } from "../../base/clock.ts";
import type { CoordinatorTime } from "../../host/coordinator-time.ts";
import type { InferencePath } from "../../protocol/chat.ts";
import { type Micro, parseCredits } from "../../protocol/credits.ts";
import { type ErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { requestName } from "../../protocol/ids.ts";
import { limits } from "../../protocol/limits.ts";
import type { Line } from "../../protocol/receipt.ts";
import type { RevealedSecret } from "../../protocol/secrets.ts";
import type { FrameSealer } from "../../protocol/sealed-stream-cipher.ts";
import type { SealedExchange } from "../../protocol/sealed-stream-session.ts";
import type { Acknowledger, Relation } from "../lines/acknowledge.ts";
import type { Connect, NodeStream } from "./connect.ts";
import { endOf } from "../course/failover.ts";
import type { Judgement } from "../lines/line-check.ts";
import type { RecordsStore } from "../lines/records-store.ts";
import { type AnswerEnding, readAnswer } from "./read-answer.ts";
import { callHeaders, headFrame } from "./sealed-call.ts";
import type { Sealings } from "../sealing/sealings.ts";
import { watchSilence } from "./silence.ts";
import type { TicketUse } from "../tickets/tickets.ts";

/** Where an answer's content goes, byte for byte as the node sent it. One for each attempt. */
export interface AnswerSink {
  /** A promise asks the node to wait. @throws TroopError where the content cannot be used */
  take(bytes: Uint8Array): Promise<void> | undefined;
  /** UTF-8 bytes of delta text so far: what completion tokens are checked against. */
  textBytes(): number;
  /** True where the content says of itself that the engine failed. */
  hasFailed(): boolean;
}

export interface Inquiry {
  path: InferencePath;
  /** JSON for the engine. */
  body: Uint8Array;
}

export type AttemptResult =
  | { outcome: "answered"; line: Line }
  /** It is said that nothing was admitted. With a name where that is not certain: it was sent, under that number. */
  | { outcome: "refused"; error: TroopError; name?: string }
  /** Something may have been charged, under the name `<hold>.<k>`. @property cost what its line says, if there is one */
  | { outcome: "failed"; error: TroopError; name: string; cost: Micro };

export interface AttemptParts {
  connect: Connect;
  records: RecordsStore;
  acknowledger: Acknowledger;
  time: CoordinatorTime;
  sealings: Sealings;
  clock: Clock;
}

type Refusal = Extract<AnswerEnding, { kind: "refused" }>;

const strangerCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "node_unreachable",
  "wrong_audience",
  "seal_broken",
]);
/** Said in the open, by somebody who is no worker, or another one: private addresses are somebody else's elsewhere. */
const isStranger = ({ error, isInTheOpen }: Refusal): boolean =>
  isInTheOpen && strangerCodes.has(error.code);

/** Rejects only with the reason of `signal`. */
export type Attempt = (
  inquiry: Inquiry,
  use: TicketUse,
  sink: AnswerSink,
  signal: AbortSignal,
  relation?: Relation,
) => Promise<AttemptResult>;

export function createAttempt(parts: AttemptParts): Attempt {
  const { connect, records, acknowledger, time, sealings, clock } = parts;

  return async (inquiry, use, sink, signal, relation) => {
    const { ticket, secret } = use;
    const name = requestName(ticket.hold, secret.k);
    const startedAt = clock.monotonic();
    records.begin({
      hold: ticket.hold,
      k: secret.k,
      node: ticket.node.node_id,
      model: ticket.model,
      started: time.now(),
      sentBytes: inquiry.body.length,
    });
    const observe = () => ({
      elapsedMs: clock.monotonic() - startedAt,
      sentBytes: inquiry.body.length,
      textBytes: sink.textBytes(),
    });
    const unsent = (error: TroopError): AttemptResult => {
      records.forget(ticket.hold, secret.k);
      use.refused();
      return { outcome: "refused", error };
    };
    const refused = (error: TroopError, { isNumberFree, isInTheOpen }: Refusal): AttemptResult => {
      acknowledger.spare(use, observe(), isNumberFree);
      return { outcome: "refused", error, ...(isInTheOpen ? { name } : {}) };
    };

    using silence = watchSilence(clock, limits.engineIdleMs, signal);
    const { sealing } = ticket;
    let exchange!: SealedExchange;
    let stream: NodeStream;
    try {
      stream = await connect({
        node: ticket.node,
        seal() {
          exchange = sealing.session.seal(secret.k);
          return {
            headers: callHeaders(ticket.token, exchange),
            body: wireBytes(inquiry, secret, exchange.request),
          };
        },
        signal: silence.signal,
      });
    } catch (error) {
      const isUnsent = error instanceof TroopError && error.code === "node_unreachable";
      return isUnsent && !silence.signal.aborted ? unsent(error) : missed(error);
    }
    try {
      const take = (bytes: Uint8Array) => sink.take(bytes);
      const ending = await readAnswer(stream, exchange.answer, take, silence);
      if (ending.kind === "refused") {
        // The next try takes another path.
        if (isStranger(ending) && stream.distrust())
          return refused(new TroopError("path_lost"), ending);
        return refused(await sealAnew(ending.error), ending);
      }
      const wireHashes = {
        request: exchange.request.wireHash(),
        response: exchange.answer.wireHash(),
      };
      const seen = { ...observe(), wireHashes };
      const judgement = acknowledger.receive(use, ending.line, seen, relation);
      return resultOf(judgement, sink, name);
    } catch (error) {
      return missed(error);
    }

    /** What the refusal comes to: where the node tells of a newer key, the ticket is ready for another try. */
    async function sealAnew(error: TroopError): Promise<TroopError> {
      // Others under this ticket may have been told before.
      if (error.code !== "session_unknown" || ticket.sealing !== sealing) return error;
      try {
        const statement = error.details["key_statement"];
        ticket.sealing = await sealings.renew(
          ticket.token,
          sealing,
          typeof statement === "string" ? statement : undefined,
        );
        return error;
      } catch (failure) {
        if (failure instanceof TroopError) return failure;
        throw failure;
      }
    }

    function missed(error: unknown): AttemptResult {
      acknowledger.miss(use, observe(), signal.aborted);
      signal.throwIfAborted();
      return { outcome: "failed", error: asTroopError(error), name, cost: 0n };
    }
  };
}

function resultOf(judgement: Judgement, sink: AnswerSink, name: string): AttemptResult {
  const isRefused = judgement.verdict === "refused";
  const cost = isRefused ? 0n : parseCredits(judgement.line.cost);
  const failed = (error: TroopError): AttemptResult => ({ outcome: "failed", error, name, cost });
  if (isRefused)
    return failed(new TroopError("stream_truncated", "The node's line is not of this request."));
  const end = endOf(judgement.line.finish);
  if (end.kind === "failed") return failed(new TroopError(end.code));
  if (sink.hasFailed()) return failed(new TroopError("engine_error"));
  return { outcome: "answered", line: judgement.line };
}

/** The request's frames: one buffer where it is small, else one frame after the other. */
function wireBytes({ path, body }: Inquiry, secret: RevealedSecret, sealer: FrameSealer) {
  const first = sealer.seal(headFrame(path, secret));
  if (body.length <= limits.frameBytes)
    return Buffer.concat([first, sealer.seal({ type: "body", bytes: body }, true)]);
  return (function* () {
    yield first;
    for (let start = 0; start < body.length; start += limits.frameBytes) {
      const end = start + limits.frameBytes;
      const frame = { type: "body", bytes: body.subarray(start, end) } as const;
      yield sealer.seal(frame, end >= body.length);
    }
  })();
}

/** A connection that broke. What has no code is a fault of ours and not the node's. */
function asTroopError(error: unknown): TroopError {
  if (error instanceof TroopError) return error;
  if (typeof (error as { code?: unknown } | null)?.code !== "string") throw error;
  return new TroopError("stream_truncated", undefined, { cause: error });
}
