/**
 * One request's way through the worker, whatever carries it: admitted, received, forwarded; or refused, plainly
 * before its ticket and secret are proven, sealed afterwards (`serve.ts` has the table).
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Log } from "../../host/log.ts";
import { serving } from "../../host/observe/call.ts";
import type { Span, Tracer } from "../../host/observe/tracing.ts";
import { type Head, pingPath } from "../../protocol/chat.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { requestName } from "../../protocol/ids.ts";
import type { FrameSealer } from "../../protocol/sealed-stream-cipher.ts";
import { admit, type Admitted, type AdmitParts } from "./admit.ts";
import type { Answer } from "./answer.ts";
import { forward, type ForwardParts } from "./forward.ts";
import { receive, type Received, type ReceiveParts } from "./receive.ts";
import { refuseSealed } from "./refusal.ts";
import { RequestAborted, type SealedRequest } from "./request-frames.ts";

export interface InferParts extends AdmitParts, ReceiveParts, ForwardParts {
  catalogue: ReceiveParts["catalogue"] & ForwardParts["catalogue"];
  guests: AdmitParts["guests"] & ForwardParts["guests"];
  log: Log;
  /** Undefined where nothing is traced. */
  tracer?: Tracer | undefined;
}

/** A request as it came off the wire, and the ways to answer it. */
export interface Exchange {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly request: SealedRequest;
  /** An ordinary HTTP error. */
  refuse(error: TroopError): void;
  /** Begins the sealed answer. */
  answer(sealer: FrameSealer): Answer;
}

/**
 * Resolves when the answer is on its way; says whether the request was let in, or refused, or its client gone. A ping
 * counts as refused: nothing came of it.
 * Rejects where the journal could not be written and the answer had begun: it must break off without its line.
 */
export type Infer = (exchange: Exchange) => Promise<"served" | "refused">;

export function createInfer(parts: InferParts): Infer {
  const { log } = parts;
  const asTroopError = (error: unknown, requestId: string) => {
    if (error instanceof TroopError) return error;
    log.error({ err: error, request_id: requestId }, "request failed");
    return new TroopError("internal_error");
  };

  return async (exchange) => {
    const { id: requestId, request } = exchange;
    let proven: Admitted<Head["path"]>;
    try {
      proven = await admit(exchange, parts);
    } catch (error) {
      if (error instanceof RequestAborted) return "refused";
      exchange.refuse(asTroopError(error, requestId));
      request.discard();
      return "refused";
    }
    const answer = exchange.answer(proven.sealer);
    const { path } = proven;
    if (path === pingPath) {
      proven.giveBack();
      answer.open({ status: 200, headers: {} });
      answer.finish();
      request.discard();
      return "refused";
    }
    const name = requestName(proven.account.hold, proven.secret.k);
    return serving(
      { requestId: name, tracer: parts.tracer },
      proven.trace,
      { name: "POST /infer", kind: "server", attributes: { "troop.request": name } },
      (span) => serve({ ...proven, path }, answer, exchange, span),
    );
  };

  async function serve(
    admitted: Admitted,
    answer: Answer,
    { id: requestId, request }: Exchange,
    span: Span | undefined,
  ): Promise<"served" | "refused"> {
    const refuse = (failure: unknown) => {
      const error = asTroopError(failure, requestId);
      span?.fail(error.code);
      refuseSealed(answer, error, requestId);
      answer.finish();
    };
    let received: Received;
    try {
      received = await receive(admitted, parts);
    } catch (error) {
      admitted.giveBack();
      if (error instanceof RequestAborted) return "refused";
      refuse(error);
      request.discard();
      return "refused";
    }
    try {
      await forward({ admitted, received, answer, requestId }, parts);
    } catch (error) {
      if (answer.isOpen) throw error;
      refuse(error);
    }
    return "served";
  }
}
