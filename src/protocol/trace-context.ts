/**
 * Which trace a call belongs to, and which span of it makes the call: W3C Trace Context, level 1. Said only by who traces,
 * so that it says "sampled" by being there. Pure.
 */
import { Buffer } from "node:buffer";

export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  traceId: string;
  /** 16 of them. */
  spanId: string;
}

const version00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const isZero = (hex: string) => /^0*$/.test(hex);
const sampledFlag = 1;

/** Undefined where it is malformed, of a version that we do not know, or says that it is not sampled. */
export function readTraceparent(text: unknown): TraceContext | undefined {
  const [, traceId = "", spanId = "", flags = ""] =
    (typeof text === "string" && version00.exec(text)) || [];
  const isSampled = (Number.parseInt(flags, 16) & sampledFlag) === sampledFlag;
  return isSampled && !isZero(traceId) && !isZero(spanId) ? { traceId, spanId } : undefined;
}

export const traceparentOf = ({ traceId, spanId }: TraceContext): string =>
  `00-${traceId}-${spanId}-01`;

const traceBytes = 16;
const packedBytes = 24;

/**
 * The same in 32 characters. In a sealed head there is room for no more: a larger one would take a frame of the next
 * size, by which everybody on the way could tell who traces.
 */
export const packTrace = ({ traceId, spanId }: TraceContext): string =>
  Buffer.from(traceId + spanId, "hex").toString("base64url");

/** Undefined where it is none. */
export function unpackTrace(text: string | undefined): TraceContext | undefined {
  const bytes = Buffer.from(text ?? "", "base64url");
  if (bytes.length !== packedBytes) return undefined;
  const traceId = bytes.toString("hex", 0, traceBytes);
  const spanId = bytes.toString("hex", traceBytes);
  return isZero(traceId) || isZero(spanId) ? undefined : { traceId, spanId };
}
