/** Versions that the parties tell one another. */

/** Raised when a wire shape changes in a way that an older party would misread. */
export const protocolVersion = 1;
/** The oldest protocol still spoken; older workers are told `upgrade_required`. */
export const oldestProtocolVersion = 1;

/** Names of HTTP headers that are ours. */
export const headers = {
  time: "troop-time",
  version: "troop-version",
  proof: "dpop",
  encryption: "troop-enc",
  index: "troop-index",
  attempt: "troop-attempt",
  ignored: "x-troop-ignored",
  node: "x-troop-node",
  cost: "x-troop-cost",
  requestId: "x-request-id",
  responseTime: "x-response-time",
  trace: "traceparent",
  /** The same, as Anthropic's API has it. */
  anthropicRequestId: "request-id",
} as const;

export const sealedMediaType = "application/troop-sealed";
