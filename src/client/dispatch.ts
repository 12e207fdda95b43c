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
import type { NodeFinder } from "./node-finder.ts";
import type { Tickets } from "./tickets.ts";
import { createWaitingRoom } from "./waiting-room.ts";

export interface Asking {
  model: string;
  capability: Capability;
  inquiry: Inquiry;
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
  const { finder, tickets, attempt, clock, random, log, queueWaitMs } = parts;
  const room = createWaitingRoom(clock);

  /** One node's turn, every expected failure as a value. */
  async function tryNode(
    { model, inquiry, openSink, signal }: Asking,
    node: string | undefined,
    exclude: ReadonlySet<string>,
    retryOf: string | undefined,
  ): Promise<AttemptResult & { node: string | undefined }> {
    try {
      const use = await tickets.use({ model, node, exclude }, signal);
      const { node_id } = use.ticket.node;
      const result = await attempt(inquiry, use, openSink(node_id), signal, retryOf);
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
    const { signal } = asking;
    const deadline = clock.monotonic() + queueWaitMs;
    const search = createSearch();
    let error: TroopError | undefined;
    let retryOf: string | undefined;

    for (let rounds = 1; ;) {
      const found = await finder.find(asking.model, asking.capability, search.excluded());
      signal.throwIfAborted();
      let next: NextStep;
      if (found.kind === "nobody") {
        next = search.afterNobody();
      } else {
        const tried = await tryNode(asking, found.node, search.excluded(), retryOf);
        if (tried.outcome !== "refused") room.callNext();
        if (tried.outcome === "answered")
          return { outcome: "answered", line: tried.line, node: tried.node! };
        retryOf = tried.name ?? retryOf;
        error = tried.error;
        log.debug({ err: error, code: error.code, node: tried.node }, "attempt failed");
        if (tried.node && remedyFor(error.code) === "elsewhere") finder.avoid(tried.node);
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
