/** OpenTelemetry's wire format (OTLP 1.x), as JSON: what a collector takes at `/v1/traces` and `/v1/logs`. Pure. */
import { packageVersion } from "../package.ts";
import type { Attributes, EndedSpan, SpanKind } from "./tracing.ts";

/** A line of a log. */
export interface LogEntry {
  /** ms UTC */
  time: number;
  /** As pino numbers them: 10 trace … 60 fatal. */
  level: number;
  text: string;
  attributes: Attributes;
}

/** Whose spans and lines they are. */
export type Resource = Readonly<Record<string, string>>;

const scope = { name: "monkey-troop", version: packageVersion };
const kinds = { internal: 1, server: 2, client: 3 } as const satisfies Record<SpanKind, number>;
const failed = 2;

export const tracesBody = (resource: Resource, spans: readonly EndedSpan[]): object => ({
  resourceSpans: [
    {
      resource: { attributes: pairsOf(resource) },
      scopeSpans: [{ scope, spans: spans.map(spanOf) }],
    },
  ],
});

export const logsBody = (resource: Resource, entries: readonly LogEntry[]): object => ({
  resourceLogs: [
    {
      resource: { attributes: pairsOf(resource) },
      scopeLogs: [{ scope, logRecords: entries.map(recordOf) }],
    },
  ],
});

const spanOf = ({
  parentId,
  kind,
  startedAt,
  endedAt,
  failure,
  attributes,
  ...span
}: EndedSpan) => ({
  ...span,
  ...(parentId === undefined ? {} : { parentSpanId: parentId }),
  kind: kinds[kind],
  startTimeUnixNano: nanosOf(startedAt),
  endTimeUnixNano: nanosOf(endedAt),
  attributes: pairsOf(
    failure === undefined ? attributes : { ...attributes, "error.type": failure },
  ),
  ...(failure === undefined ? {} : { status: { code: failed } }),
});

function recordOf({ time, level, text, attributes }: LogEntry) {
  const { trace_id: traceId, span_id: spanId, ...rest } = attributes;
  return {
    timeUnixNano: nanosOf(time),
    // Four numbers to each of pino's tens.
    severityNumber: Math.max(1, Math.floor(level / 10) * 4 - 3),
    body: { stringValue: text },
    attributes: pairsOf(rest),
    ...(traceId === undefined ? {} : { traceId, spanId }),
  };
}

/** 64-bit numbers are strings in it. */
const nanosOf = (ms: number): string => (BigInt(Math.round(ms * 1_000)) * 1_000n).toString();

const pairsOf = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));

function valueOf(value: Attributes[string]): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value !== "number") return { arrayValue: { values: value.map(valueOf) } };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
