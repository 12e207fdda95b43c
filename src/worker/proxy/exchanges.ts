/** Requests of `POST /infer` under way, whatever carries them: over the worker's own port, or through a relay. */
import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../host/log.ts";
import { limits } from "../../protocol/limits.ts";
import { type AnswerWire, createAnswer } from "./answer.ts";
import type { Infer } from "./infer.ts";
import { refusePlainly } from "./refusal.ts";
import { createByteBudget, receiveRequest, type RequestWire } from "./request-frames.ts";

export interface Incoming {
  request: RequestWire;
  headers: IncomingHttpHeaders;
  response: AnswerWire;
  requestId: string;
}

export interface Exchanges {
  take(incoming: Incoming): void;
  /** Resolves once no request that was let in is under way. */
  drained(): Promise<void>;
  /** Resolves once none is. */
  ended(): Promise<void>;
}

export interface ExchangesParts {
  infer: Infer;
  clock: Clock;
  log: Log;
}

export function createExchanges({ infer, clock, log }: ExchangesParts): Exchanges {
  const inFlight = createByteBudget(limits.inferenceBytesInFlight);
  const open = createGroup();
  /** Of these, those that were let in, until their answers have left. */
  const admitted = createGroup();
  return {
    take({ request, headers, response, requestId }) {
      const left = Promise.withResolvers<void>();
      const work = infer({
        ...{ id: requestId, headers },
        request: receiveRequest(request, clock, inFlight),
        refuse: (error) => refusePlainly(response, error, requestId),
        answer(sealer) {
          admitted.add(left.promise);
          return createAnswer(response, sealer, clock);
        },
      }).catch((error: unknown) => {
        log.error({ err: error, request_id: requestId }, "request lost");
        response.destroy();
        return "refused" as const;
      });
      // Who was refused need not be waited for: nothing that counts is in such an answer.
      left.resolve(work.then((outcome) => (outcome === "served" ? closed(response) : undefined)));
      open.add(left.promise);
    },
    drained: admitted.empty,
    ended: open.empty,
  };
}

/** Work under way. */
function createGroup() {
  const members = new Set<Promise<void>>();
  return {
    /** @param member never rejects */
    add(member: Promise<void>) {
      members.add(member);
      void member.finally(() => members.delete(member));
    },
    async empty() {
      while (members.size > 0) await Promise.all(members);
    },
  };
}

/** Resolves when the last byte is with the operating system, or the client has hung up. */
function closed(response: AnswerWire): Promise<void> {
  if (response.closed) return Promise.resolve();
  return new Promise((resolve) => void response.once("close", () => resolve()));
}
