/**
 * Finds somebody to answer a request: choose node → ticket and number → attempt → judged line. A failure before
 * the first content sends it to another node; where all are busy it waits.
 */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { backoffMs } from "../base/retry.ts";
import type { Log } from "../host/log.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Capability } from "../protocol/node.ts";
import type { Line } from "../protocol/receipt.ts";
import type { AnswerSink, Attempt, AttemptResult, Inquiry } from "./attempt.ts";
import { createSearch, type NextStep, remedyFor } from "./failover.ts";
import type { NodeFinder, RouteWish, Sent } from "./routing/node-finder.ts";
import { type Size, sizeOf } from "./spending/estimate.ts";
import type { Spending } from "./spending/spending.ts";
import type { Tickets } from "./tickets.ts";
import { createWaitingRoom } from "./waiting-room.ts";

export interface Asking extends Pick<RouteWish, "model" | "preferences"> {
  capability: Capability;
  /** What the application asked for. */
  fields: Readonly<Record<string, unknown>>;
  inquiry: Inquiry;
  /** Name of the key that it came with, if it has one. */
  application?: string | undefined;
  /** Called for each attempt, with the node that it goes to. */
  openSink(node: string): AnswerSink;
  /** True once the application has received content: from then on no other node can take over. */
  hasContent(): boolean;
  signal: AbortSignal;
}

export type DispatchResult =
  | { outcome: "answered"; line: Line; node: string }
  | { outcome: "failed"; error: TroopError; mayHaveBeenCharged: boolean };

export interface DispatchParts {
  finder: NodeFinder;
  tickets: Tickets;
  spending: Pick<Spending, "allow">;
  attempt: Attempt;
  clock: Clock;
  random: Random;
  log: Log;
  /** How long a request waits for a free slot somewhere. */
  queueWaitMs: number;
}

/** Rejects only with the reason of `asking.signal`, or for a programmer's error. */
export type Dispatch = (asking: Asking) => Promise<DispatchResult>;

const waitBetweenRounds = { firstMs: 250, ceilingMs: 2_000 };

export function createDispatch(parts: DispatchParts): Dispatch {
  const { finder, tickets, spending, attempt, clock, random, log, queueWaitMs } = parts;
  const room = createWaitingRoom(clock);

  /** One node's turn, every expected failure as a value. */
  async function tryNode(
    asking: Asking,
    wish: RouteWish,
    size: Size,
    node: string | undefined,
    retryOf: string | undefined,
  ): Promise<AttemptResult & { node: string | undefined }> {
    const { inquiry, application, signal } = asking;
    const { model, exclude } = wish;
    try {
      using allowance = spending.allow({
        ...{ application, model, size },
        rate: node === undefined ? undefined : finder.rateAt(node, model),
      });
      const use = allowance.begin(await tickets.use({ model, node, exclude }, signal));
      const { node_id } = use.ticket.node;
      const sent = finder.sent(node_id, wish);
      const watch = watchAnswer(clock, asking.openSink(node_id), sent.begun);
      const result = await attempt(inquiry, use, watch.sink, signal, retryOf).catch(
        (error: unknown) => {
          sent.dropped();
          throw error;
        },
      );
      tell(sent, result, watch);
      if (result.outcome !== "answered" && remedyFor(result.error.code) === "fresh_ticket")
        tickets.discard(use.ticket);
      if (result.outcome !== "answered" && result.error.code === "node_unreachable")
        tickets.unreachable(use.ticket);
      return { ...result, node: node_id };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TroopError)) throw error;
      return { outcome: "refused", error, node };
    }
  }

  return async (asking) => {
    const { model, capability, preferences, inquiry, signal } = asking;
    const work = finder.workOf(asking.fields);
    const size = sizeOf(inquiry.path, asking.fields, inquiry.body.length);
    const deadline = clock.monotonic() + queueWaitMs;
    const search = createSearch();
    let error: TroopError | undefined;
    let retryOf: string | undefined;

    for (let rounds = 1; ;) {
      const wish = { model, capability, preferences, ...work, exclude: search.excluded() };
      const found = await finder.find(wish).catch(asFailure);
      signal.throwIfAborted();
      if (found instanceof TroopError)
        return { outcome: "failed", error: found, mayHaveBeenCharged: retryOf !== undefined };
      let next: NextStep;
      if (found.kind === "nobody") {
        next = search.afterNobody();
      } else {
        const tried = await tryNode(asking, wish, size, found.node, retryOf);
        if (tried.outcome !== "refused") room.callNext();
        if (tried.outcome === "answered")
          return { outcome: "answered", line: tried.line, node: tried.node! };
        retryOf = tried.name ?? retryOf;
        error = tried.error;
        log.debug({ err: error, code: error.code, node: tried.node }, "attempt failed");
        next = asking.hasContent() ? "give_up" : search.afterFailure(error.code, tried.node);
      }
      if (next === "again") continue;
      const pauseMs = backoffMs(random, waitBetweenRounds, rounds);
      if (next === "give_up" || clock.monotonic() + pauseMs > deadline) {
        error ??= new TroopError("model_not_found");
        return { outcome: "failed", error, mayHaveBeenCharged: retryOf !== undefined };
      }
      await room.wait(pauseMs, signal);
      search.startRound();
      rounds += 1;
    }
  };
}

function asFailure(error: unknown): TroopError {
  if (error instanceof TroopError) return error;
  throw error;
}

/** A sink, and when content came to it. */
interface Watch {
  sink: AnswerSink;
  /** ms since the request was sent; undefined before the first content. */
  firstMs(): number | undefined;
  endMs(): number;
}

function watchAnswer(clock: Clock, sink: AnswerSink, onFirst: () => void): Watch {
  const startedAt = clock.monotonic();
  let firstAt: number | undefined;
  return {
    sink: {
      ...sink,
      take(bytes) {
        if (firstAt === undefined) {
          firstAt = clock.monotonic();
          onFirst();
        }
        return sink.take(bytes);
      },
    },
    firstMs: () => (firstAt === undefined ? undefined : firstAt - startedAt),
    endMs: () => clock.monotonic() - startedAt,
  };
}

/** What the result says of the node. */
function tell(sent: Sent, result: AttemptResult, { firstMs, endMs }: Watch): void {
  const first = firstMs();
  if (result.outcome !== "answered")
    return remedyFor(result.error.code) === "elsewhere" ? sent.failed() : sent.dropped();
  const { completion_tokens: answerTokens } = result.line;
  if (first === undefined) sent.dropped();
  else sent.answered({ firstMs: first, endMs: endMs(), answerTokens });
}
