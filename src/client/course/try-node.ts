/** One node's turn at a request: room within the caps, ticket and number, attempt, and what it says of the node. */
import type { Clock } from "../../base/clock.ts";
import { spanning } from "../../host/observe/call.ts";
import { modelSpan, usage } from "../../host/observe/gen-ai.ts";
import type { Span } from "../../host/observe/tracing.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { requestName } from "../../protocol/ids.ts";
import type { Model } from "../../protocol/node.ts";
import type { AnswerSink, Attempt, AttemptResult, Inquiry } from "../call/attempt.ts";
import type { Relation } from "../lines/acknowledge.ts";
import { remedyFor } from "./failover.ts";
import type { NodeFinder, RouteWish } from "../routing/node-finder.ts";
import type { Sent } from "../routing/underway.ts";
import type { Size } from "../spending/estimate.ts";
import type { Spending } from "../spending/spending.ts";
import type { Tickets } from "../tickets/tickets.ts";

export interface TryNodeParts {
  finder: Pick<NodeFinder, "rateAt" | "sent">;
  tickets: Tickets;
  spending: Pick<Spending, "allow">;
  attempt: Attempt;
  clock: Clock;
}

export interface Turn {
  wish: RouteWish;
  size: Size;
  inquiry: Inquiry;
  application: string | undefined;
  /** Undefined where the coordinator is to choose. */
  node: string | undefined;
  relation: Relation;
  openSink(node: string): AnswerSink;
  signal: AbortSignal;
}

export type Tried = AttemptResult & {
  node: string | undefined;
  /** The model as the node's ticket describes it. */
  offer?: Model | undefined;
  /** Some of the answer came from it, and was heard. */
  hasSpoken?: boolean;
};

/** Every expected failure is a value. Rejects only with the reason of `signal`, or for a programmer's error. */
export type TryNode = (turn: Turn) => Promise<Tried>;

export function createTryNode(parts: TryNodeParts): TryNode {
  const { finder, tickets, spending, attempt, clock } = parts;
  return async ({ wish, size, inquiry, application, node, relation, openSink, signal }) => {
    const { model, exclude } = wish;
    try {
      using allowance = spending.allow({
        ...{ application, model, size },
        rate: node === undefined ? undefined : finder.rateAt(node, model),
      });
      const use = allowance.begin(await tickets.use({ model, node, exclude }, signal));
      const { node_id, models } = use.ticket.node;
      const sent = finder.sent(node_id, wish);
      const watch = watchAnswer(clock, openSink(node_id), sent.begun);
      const asked = modelSpan(wish.capability, model, "monkey_troop");
      const result = await spanning(asked, async (span) => {
        span?.set({
          "troop.node": node_id,
          "troop.request": requestName(use.ticket.hold, use.secret.k),
        });
        const come = await attempt(inquiry, use, watch.sink, signal, relation);
        tellTrace(span, come);
        return come;
      }).catch((error: unknown) => {
        sent.dropped();
        throw error;
      });
      tell(sent, result, watch);
      if (result.outcome !== "answered" && remedyFor(result.error.code) === "fresh_ticket")
        tickets.discard(use.ticket);
      if (result.outcome !== "answered" && result.error.code === "node_unreachable")
        tickets.unreachable(use.ticket);
      const offer = models.find(({ name }) => name === model);
      return { ...result, node: node_id, offer, hasSpoken: watch.sink.textBytes() > 0 };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TroopError)) throw error;
      return { outcome: "refused", error, node };
    }
  };
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

function tellTrace(span: Span | undefined, result: AttemptResult): void {
  if (result.outcome === "answered") span?.set(usage(result.line, result.line.finish));
  else span?.fail(result.error.code);
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
