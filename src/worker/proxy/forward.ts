/**
 * One admitted request, from the journal to its line: to the engine, streamed back, metered, accounted for.
 *
 *   journal ─▶ engine ─▶ body frames… ─▶ line, over all of them ─▶ journal and outbox (one transaction) ─▶ line frame
 *
 * Whatever happens in between, exactly one line comes out of it. From the engine's end on all is of one tick, so that
 * nothing comes between the bytes that the line names and the line.
 */
import type { Dispatcher } from "undici";
import type { Clock, Timer } from "../../base/clock.ts";
import { parseCredits } from "../../protocol/credits.ts";
import { costOf } from "../../protocol/price.ts";
import { promptBytes } from "../../protocol/prompt-size.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Offer } from "../catalogue-offers.ts";
import type { Guests } from "../guests/guests.ts";
import type { RunningRequest } from "../hold-accounts.ts";
import type { Room } from "../idle/room.ts";
import type { Journal } from "../journal.ts";
import type { Slots } from "../slots.ts";
import type { Admitted } from "./admit.ts";
import type { Answer } from "./answer.ts";
import { engineBody, payableTokensOf } from "./engine-body.ts";
import type { Received } from "./receive.ts";
import { finishOfEnding, isFreeAbort, lineOf } from "./settlement.ts";
import { showEnding } from "./show-ending.ts";
import { createTries } from "./tries.ts";

export interface ForwardParts {
  clock: Clock;
  /** Coordinator time, ms. */
  now: () => number;
  dispatcher: Dispatcher;
  journal: Journal;
  catalogue: Pick<Catalogue, "doubt" | "trust">;
  slots: Slots;
  room: Pick<Room, "enter" | "note">;
  guests: Pick<Guests, "served">;
  /** What keeps a requester's prompts apart in an engine's cache. */
  saltOf: (requester: string) => string;
  /** Aborts when what still runs must end. */
  stopping: AbortSignal;
}

export interface ForwardedRequest {
  admitted: Admitted;
  received: Received;
  answer: Answer;
  requestId: string;
}

/**
 * Resolves when the line is on disk and on its way to the client. However it ends, slot, body and account are given
 * back, and the number too where the journal does not know of it.
 * Rejects where the journal cannot be written: then there is no line.
 */
export async function forward(
  { admitted, received, answer, requestId }: ForwardedRequest,
  parts: ForwardParts,
): Promise<void> {
  const { clock, now, journal, stopping, room, guests } = parts;
  const { ticket, account, secret, path } = admitted;
  const { claims, rate, budget } = ticket;
  const tries = createTries({
    ...{ ...parts, path, received },
    passOn(text, { contentType }) {
      if (!answer.isOpen) answer.open({ status: 200, headers: { "content-type": contentType } });
      answer.body(text);
    },
    onProgress() {
      if (!claims.own && account.isSpent(budget)) account.endForBudget();
    },
  });
  const running: RunningRequest = {
    costNow: () => (claims.own ? 0n : costOf(tries.soFar(), rate)),
    endForBudget: () => tries.stop("budget"),
  };
  const stopNow = () => tries.stop("stopping");
  let longest: Timer | undefined;
  let leaveRoom: (() => void) | undefined;
  let isInJournal = false;

  try {
    const { request } = received;
    const toSend = {
      ...{ path, fields: request.fields, salt: () => parts.saltOf(claims.sub) },
      promptBytes: promptBytes(path, request.fields),
    };
    const payableTokens = () =>
      claims.own ? Infinity : payableTokensOf(account.left(budget), rate, claims.max_seconds);
    const inquiry = {
      body: (offer: Offer) => engineBody({ ...toSend, payableTokens: payableTokens() }, offer),
      promptBytes: toSend.promptBytes,
    };
    const started = now();
    const admittedAt = clock.monotonic();
    journal.begin(account.hold, secret, started, claims.exp * 1_000);
    isInJournal = true;
    account.start(running);
    longest = clock.timer(claims.max_seconds * 1_000, () => tries.stop("timeout"));
    stopping.addEventListener("abort", stopNow);
    if (stopping.aborted) stopNow();
    leaveRoom = room.enter(() => tries.stop("yielded"));
    answer.watch({
      full: tries.pause,
      room: tries.resume,
      gone: () => tries.stop("client_gone"),
    });

    const { ending, meter, reader } = await tries.run(inquiry);
    const finish = finishOfEnding(ending, meter.finishReason);
    const metered = meter.result();
    const elapsedMs = clock.monotonic() - admittedAt;
    const isFree = isFreeAbort(finish, metered, elapsedMs, account.freeAborts);
    const isAnswered = answer.isOpen;
    const isRefused = showEnding(ending, { answer, reader, requestId });
    // The error of a refusal is its final frame, which no hash covers.
    if (!isRefused) answer.flush();
    const wireHashes = { request: admitted.request.wireHash(), response: answer.wireHash() };
    const line = lineOf({
      ...{ secret, started, ended: now(), admittedAt, metered, finish, wireHashes, rate, isFree },
      ...{ isOwn: claims.own, isAnswered },
    });
    journal.settle(account.hold, line, isFree);
    account.finish(running, parseCredits(line.cost), isFree);
    answer.finish(isRefused ? undefined : line);
    guests.served(claims, line);
  } finally {
    longest?.cancel();
    stopping.removeEventListener("abort", stopNow);
    tries.release();
    leaveRoom?.();
    received.releaseBody();
    account.abandon(running);
    if (isInJournal) account.close();
    else admitted.giveBack();
  }
}
