/** Spans: which part of the work for a request took how long. Names and ids only, never what was asked or answered. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { TraceContext } from "../../protocol/trace-context.ts";

export type SpanKind = "internal" | "server" | "client";
export type Attributes = Readonly<Record<string, string | number | readonly string[]>>;

export interface Span {
  readonly context: TraceContext;
  set(attributes: Attributes): void;
  /** @param code of the error that it ended with */
  fail(code: string): void;
  /** Hands it to the exporter; idempotent. */
  end(): void;
}

/** A span that has ended. Times are ms UTC. */
export interface EndedSpan extends TraceContext {
  parentId: string | undefined;
  name: string;
  kind: SpanKind;
  startedAt: number;
  endedAt: number;
  attributes: Attributes;
  failure: string | undefined;
}

export interface Beginning {
  name: string;
  kind: SpanKind;
  /** Undefined: a trace of its own. */
  parent?: TraceContext | undefined;
  attributes?: Attributes;
}

export interface Tracer {
  /** Whether those who are called are told of the trace. */
  readonly propagates: boolean;
  /** Undefined where the sampler passes it over. */
  begin(beginning: Beginning): Span | undefined;
}

/** What of the traces that begin here is kept, and whether the word of a caller who traces counts. */
export interface Sampler {
  /** 0 … 1 of the traces that have no parent. */
  ratio: number;
  followsParent: boolean;
}

export interface TracerParts {
  clock: Clock;
  random: Random;
  sampler: Sampler;
  propagates: boolean;
  export: (span: EndedSpan) => void;
}

const traceBytes = 16;
const spanBytes = 8;

export function createTracer(parts: TracerParts): Tracer {
  const { clock, random, sampler, propagates } = parts;
  const newId = (bytes: number) => Buffer.from(random.bytes(bytes)).toString("hex");
  return {
    propagates,
    begin({ name, kind, parent, attributes: given = {} }) {
      const { traceId = newId(traceBytes) } = parent ?? {};
      const isKept = (parent && sampler.followsParent) || shareOf(traceId) < sampler.ratio;
      if (!isKept) return undefined;
      const context = { traceId, spanId: newId(spanBytes) };
      const startedAt = clock.now();
      const began = clock.monotonic();
      let attributes = given;
      let failure: string | undefined;
      let hasEnded = false;
      return {
        context,
        set(more) {
          attributes = { ...attributes, ...more };
        },
        fail(code) {
          failure = code;
        },
        end() {
          if (hasEnded) return;
          hasEnded = true;
          const endedAt = startedAt + clock.monotonic() - began;
          const parentId = parent?.spanId;
          parts.export({
            ...{ ...context, parentId, name, kind, startedAt, endedAt, attributes, failure },
          });
        },
      };
    },
  };
}

/** 0 … 1, by the trace's id: all who have a part in it decide alike. */
const shareOf = (traceId: string): number => Number.parseInt(traceId.slice(-8), 16) / 2 ** 32;
