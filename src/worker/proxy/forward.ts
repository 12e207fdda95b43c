/**
 * One admitted request, from the journal to its line: to the engine, streamed back, metered, accounted for.
 *
 *   journal ─▶ engine ─▶ body frames… ─▶ journal and outbox (one transaction) ─▶ line frame
 *
 * Whatever happens in between, exactly one line comes out of it.
 */
import type { Dispatcher } from "undici";
import type { Clock } from "../../base/clock.ts";
import type { InferencePath, InferenceRequest } from "../../protocol/chat.ts";
import { parseCredits } from "../../protocol/credits.ts";
import { costOf } from "../../protocol/price.ts";
import type { Catalogue, Offer } from "../catalogue.ts";
import type { RunningRequest } from "../hold-accounts.ts";
import type { Journal } from "../journal.ts";
import type { Slot, Slots } from "../slots.ts";
import type { Admitted } from "./admit.ts";
import { createAnswerReader } from "./answer-reader.ts";
import type { Answer } from "./answer.ts";
import { type Attempt, type Ending, startAttempt, type StopReason } from "./attempt.ts";
import { createMeter } from "./meter.ts";
import { promptBytes } from "./prompt-size.ts";
import type { Received } from "./receive.ts";
import { finishOfEnding, isFreeAbort, lineOf } from "./settlement.ts";
import { showEnding } from "./show-ending.ts";

export interface ForwardParts {
  clock: Clock;
  /** Coordinator time, ms. */
  now: () => number;
  dispatcher: Dispatcher;
  journal: Journal;
  catalogue: Pick<Catalogue, "doubt">;
  slots: Slots;
  /** Aborts when what still runs must end. */
  stopping: AbortSignal;
}

export interface ForwardedRequest {
  admitted: Admitted;
  received: Received;
  answer: Answer;
  requestId: string;
}

/** Resolves when the line is on disk and on its way to the client. Rejects only where the journal cannot be written. */
export async function forward(
  { admitted, received, answer, requestId }: ForwardedRequest,
  parts: ForwardParts,
): Promise<void> {
  const { clock, now, journal } = parts;
  const { ticket, account, secret, path } = admitted;
  const { claims, rate, budget } = ticket;
  const started = now();
  const admittedAt = clock.monotonic();
  const meter = createMeter(promptBytes(path, received.request.fields));
  const reader = createAnswerReader(path, meter);
  let slot: Slot = received.slot;
  let attempt: Attempt | undefined;
  let stopped: StopReason | undefined;

  const stop = (reason: StopReason) => {
    stopped ??= reason;
    attempt?.stop(reason);
  };
  const running: RunningRequest = {
    costNow: () => (claims.own ? 0n : costOf(meter.soFar(clock.monotonic()), rate)),
    endForBudget: () => stop("budget"),
  };
  const body = engineBody(path, received.request);
  const tryAt = ({ engine }: Offer): Promise<Ending> => {
    attempt = startAttempt({
      ...parts,
      ...{ engine, path, body, meter, reader },
      passOn(text) {
        if (!answer.isOpen)
          answer.open({ status: 200, headers: { "content-type": reader.contentType } });
        answer.body(text);
      },
      onProgress() {
        if (!claims.own && account.isSpent(budget)) account.endForBudget();
      },
    });
    // The reader may have gone while another engine was being tried.
    if (stopped) attempt.stop(stopped);
    return attempt.ended;
  };

  journal.begin(account.hold, secret, started, claims.exp * 1_000);
  account.start(running);
  const longest = clock.timer(claims.max_seconds * 1_000, () => stop("timeout"));
  const stopNow = () => stop("stopping");
  parts.stopping.addEventListener("abort", stopNow);
  answer.watch({
    full() {
      meter.pause(clock.monotonic());
      attempt?.pause();
    },
    room() {
      meter.resume(clock.monotonic());
      attempt?.resume();
    },
    gone: () => stop("client_gone"),
  });

  try {
    let ending = await tryAt(received.offers[0]);
    if (ending.type === "refused" && ending.refusal.isWorthRepeating) {
      parts.catalogue.doubt();
      const second = secondOffer(received.offers, ending.isReset);
      if (second && !stopped) {
        slot.release();
        const other = parts.slots.take(second.engine);
        if (other) {
          slot = other;
          ending = await tryAt(second);
        }
      }
    }
    const finish = finishOfEnding(ending, meter.finishReason);
    const metered = meter.result();
    const elapsedMs = clock.monotonic() - admittedAt;
    const isFree = isFreeAbort(finish, metered, elapsedMs, account.freeAborts);
    const line = lineOf({
      ...{ secret, started, ended: now(), admittedAt, metered, finish, rate, isFree },
      ...{ isOwn: claims.own, isAnswered: answer.isOpen },
    });
    journal.settle(account.hold, line, isFree);
    account.finish(running, parseCredits(line.cost), isFree);
    const isRefused = showEnding(ending, { answer, reader, requestId });
    answer.finish(isRefused ? undefined : line);
  } finally {
    longest.cancel();
    parts.stopping.removeEventListener("abort", stopNow);
    slot.release();
    received.releaseBody();
    account.close();
  }
}

/** Another engine, or the same where only the idle connection to it had died. */
const secondOffer = (offers: Received["offers"], isReset: boolean): Offer | undefined =>
  isReset ? offers[0] : offers[1];

/** Nothing reaches the engine but what the route's table allows; a worker always streams and asks for usage. */
function engineBody(path: InferencePath, { model, fields }: InferenceRequest): string {
  if (path === "/v1/embeddings") return JSON.stringify({ ...fields, model });
  return JSON.stringify({
    ...fields,
    model,
    stream: true,
    stream_options: { include_usage: true },
  });
}
