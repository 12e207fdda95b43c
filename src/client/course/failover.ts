/** What a failure means for the request that met it, and where it may go next. Pure. */
import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { Finish } from "../../protocol/receipt.ts";

/**
 * - `elsewhere`: this node cannot serve it, another may;
 * - `busy`: it may be served here in a while;
 * - `same_again`: the node and the ticket are good, it was the key that it was sealed to, or the way;
 * - `fresh_ticket`: the ticket is used up or no longer honoured, the node is well;
 * - `final`: another node would answer the same.
 */
export type Remedy = "elsewhere" | "busy" | "same_again" | "fresh_ticket" | "final";

const remedies: Partial<Record<ErrorCode, Remedy>> = {
  busy: "busy",
  owner_busy: "busy",
  no_nodes_available: "busy",

  draining: "elsewhere",
  not_allowed: "elsewhere",
  node_unreachable: "elsewhere",
  engine_error: "elsewhere",
  engine_unavailable: "elsewhere",
  model_invalid: "elsewhere",
  stream_truncated: "elsewhere",
  internal_error: "elsewhere",
  model_not_found: "elsewhere",
  // The node at this address is not who we were told, or its clock is not the coordinator's.
  wrong_audience: "elsewhere",
  wrong_model: "elsewhere",
  clock_skew: "elsewhere",
  request_unproven: "elsewhere",
  seal_broken: "elsewhere",
  // Its key cannot be trusted.
  key_statement_invalid: "elsewhere",
  key_statement_expired: "elsewhere",
  wrong_node: "elsewhere",
  node_key_changed: "elsewhere",
  node_not_allowed: "elsewhere",
  invalid_enrolment: "elsewhere",

  session_unknown: "same_again",
  path_lost: "same_again",

  invalid_ticket: "fresh_ticket",
  ticket_expired: "fresh_ticket",
  ticket_revoked: "fresh_ticket",
  budget_exhausted: "fresh_ticket",
  request_replayed: "fresh_ticket",
};

export const remedyFor = (code: ErrorCode): Remedy => remedies[code] ?? "final";

/** An answer has begun: it is this node that fell silent, cannot go on with it, or has less room. */
const ofContinuing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "timeout",
  "unsupported_parameter",
  "context_length_exceeded",
  "invalid_value",
]);

/** Nodes that may fail one request before it is given up. */
const failuresMost = 3;
/** Busy nodes asked in a row before waiting; each new one costs a ticket. */
const busyPerRound = 3;

export type NextStep = "again" | "wait" | "give_up";

/** One request's way through the nodes. */
export interface Search {
  /** Nodes not to be asked now. */
  excluded(): ReadonlySet<string>;
  /**
   * @param node undefined where the coordinator was to choose one and did not
   * @param hasBegun there is an answer to go on with
   */
  afterFailure(code: ErrorCode, node: string | undefined, hasBegun?: boolean): NextStep;
  /** Every node that offers the model is excluded. */
  afterNobody(): NextStep;
  /** The wait is over: busy nodes may be asked again. */
  startRound(): void;
}

export function createSearch(): Search {
  const failed = new Set<string>();
  const busy = new Set<string>();
  let hasFreshTicket = false;
  let isRepeated = false;

  function goElsewhere(node: string | undefined): NextStep {
    if (!node) return "give_up";
    failed.add(node);
    return failed.size < failuresMost ? "again" : "give_up";
  }
  return {
    excluded: () => new Set([...failed, ...busy]),
    afterFailure(code, node, hasBegun = false) {
      const remedy = hasBegun && ofContinuing.has(code) ? "elsewhere" : remedyFor(code);
      switch (remedy) {
        case "final":
          return "give_up";
        case "elsewhere":
          return goElsewhere(node);
        case "same_again":
          if (isRepeated) return goElsewhere(node);
          isRepeated = true;
          return "again";
        case "fresh_ticket":
          if (hasFreshTicket) return goElsewhere(node);
          hasFreshTicket = true;
          return "again";
        case "busy":
          if (!node) return "wait";
          busy.add(node);
          return busy.size < busyPerRound ? "again" : "wait";
        default:
          return remedy satisfies never;
      }
    },
    afterNobody: () => (busy.size > 0 ? "wait" : "give_up"),
    startRound: () => busy.clear(),
  };
}

/** How an answer ended for the application: with the reason it is told, or with a failure. */
export type AnswerEnd =
  | { kind: "complete"; reason: "stop" | "length" | "tool_calls" }
  | { kind: "failed"; code: ErrorCode };

export function endOf(finish: Finish): AnswerEnd {
  switch (finish) {
    case "stop":
    case "length":
    case "tool_calls":
      return { kind: "complete", reason: finish };
    case "budget":
      return { kind: "complete", reason: "length" };
    case "worker_error":
      return { kind: "failed", code: "engine_error" };
    case "timeout":
      return { kind: "failed", code: "timeout" };
    case "yielded":
    case "cancelled":
    case "client_gone":
      return { kind: "failed", code: "stream_truncated" };
    default:
      return finish satisfies never;
  }
}
