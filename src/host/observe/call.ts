/**
 * The call that work is done for: its request id, and its span where it is traced. It goes along with whatever the work
 * awaits, so that no verb in between has to pass it on.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { CodedError } from "../../base/error.ts";
import { type TraceContext, traceparentOf } from "../../protocol/trace-context.ts";
import { headers } from "../../protocol/version.ts";
import type { Attributes, Span, SpanKind, Tracer } from "./tracing.ts";

export interface Call {
  /** What everybody who works on it calls it by. */
  requestId: string;
  /** Undefined where nothing is traced. */
  tracer?: Tracer | undefined;
  span?: Span | undefined;
}

const scope = new AsyncLocalStorage<Call>();

export const inCall = <Result>(call: Call, work: () => Result): Result => scope.run(call, work);

/** Undefined outside of any call. */
export const currentCall = (): Call | undefined => scope.getStore();

/** For work that a call sets off and that is not the call's: nobody waits for it there, and it may last longer. */
export const apart = <Result>(work: () => Result): Result => scope.exit(work);

export interface SpanOf {
  name: string;
  kind: SpanKind;
  attributes?: Attributes;
}

/** Serves somebody's call: `work` in a span of its own, which goes on with the caller's trace. */
export function serving<Result>(
  call: Pick<Call, "requestId" | "tracer">,
  parent: TraceContext | undefined,
  { name, kind, attributes = {} }: SpanOf,
  work: (span: Span | undefined) => Promise<Result>,
): Promise<Result> {
  const span = call.tracer?.begin({ name, kind, parent, attributes });
  return within({ ...call, span }, () => work(span));
}

/** Runs `work` in a span of its own within the present call's; without any where that is not traced. */
export function spanning<Result>(
  spanOf: SpanOf,
  work: (span: Span | undefined) => Promise<Result>,
): Promise<Result> {
  const call = currentCall();
  const parent = call?.span?.context;
  return parent ? serving(call!, parent, spanOf, work) : work(undefined);
}

async function within<Result>(call: Call, work: () => Promise<Result>): Promise<Result> {
  try {
    return await scope.run(call, work);
  } catch (error) {
    call.span?.fail(error instanceof CodedError ? String(error.code) : "internal_error");
    throw error;
  } finally {
    call.span?.end();
  }
}

/** What whoever is called within a call is told of it. */
export function headersOfCall(): Record<string, string> {
  const { requestId } = currentCall() ?? {};
  const trace = traceToTell();
  return {
    ...(requestId === undefined ? {} : { [headers.requestId]: requestId }),
    ...(trace ? { [headers.trace]: traceparentOf(trace) } : {}),
  };
}

/** What a line of the log says of the call that it was written in. */
export function fieldsOfCall(): Record<string, string> {
  const { requestId, span } = currentCall() ?? {};
  return {
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(span ? { trace_id: span.context.traceId, span_id: span.context.spanId } : {}),
  };
}

/** Undefined where nothing is traced, or nobody is to be told. */
export function traceToTell(): TraceContext | undefined {
  const { tracer, span } = currentCall() ?? {};
  return tracer?.propagates ? span?.context : undefined;
}
