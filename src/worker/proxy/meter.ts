/**
 * Counts what one request uses. Pure: told of each event and of the time, a monotonic number of milliseconds.
 *
 * Billed time runs from the first byte written to the engine to the last byte read, less waiting for a slow
 * reader. Tokens are the engine's own count, or ⌈UTF-8 bytes ÷ 4⌉ where it gives none.
 */
import { limits } from "../../protocol/limits.ts";
import type { Finish } from "../../protocol/receipt.ts";
import type { Usage } from "../../protocol/price.ts";
import type { Counted, TokenUsage } from "./chunk.ts";

export interface Metered extends Usage {
  estimated: boolean;
  /** Monotonic time of the first content. */
  firstContentAt: number | undefined;
}

export interface Meter {
  /** The request is being written to an engine: the count starts anew, whatever was counted before. */
  begin(at: number): void;
  count(chunk: Counted, at: number): void;
  /** Figures that came outside a stream. */
  countUsage(usage: TokenUsage): void;
  pause(at: number): void;
  resume(at: number): void;
  end(at: number): void;
  /** A running request's use: deltas stand for tokens, the prompt is not known yet. */
  soFar(at: number): Usage;
  readonly hasContent: boolean;
  readonly finishReason: string | undefined;
  result(): Metered;
}

const bytesPerToken = 4;
const estimate = (bytes: number): number =>
  Math.min(Math.ceil(bytes / bytesPerToken), limits.tokensPerLine);

/** @param promptBytes UTF-8 bytes of the prompt's text, for engines that do not count */
export function createMeter(promptBytes: number): Meter {
  let startedAt: number | undefined;
  let endedAt: number | undefined;
  let pausedAt: number | undefined;
  let pausedMs = 0;
  let deltas = 0;
  let deltaBytes = 0;
  let firstContentAt: number | undefined;
  let finishReason: string | undefined;
  let usage: TokenUsage | undefined;

  const billedUntil = (at: number): number => {
    if (startedAt === undefined) return 0;
    const waiting = pausedMs + (pausedAt === undefined ? 0 : at - pausedAt);
    return Math.max(0, Math.floor(at - startedAt - waiting));
  };
  return {
    begin(at) {
      startedAt = at;
      endedAt = pausedAt = firstContentAt = finishReason = usage = undefined;
      pausedMs = deltas = deltaBytes = 0;
    },
    count(chunk, at) {
      if (chunk.deltaBytes > 0) {
        deltas += 1;
        deltaBytes += chunk.deltaBytes;
        firstContentAt ??= at;
      }
      finishReason ??= chunk.finishReason;
      usage = chunk.usage ?? usage;
    },
    countUsage(counted) {
      usage = counted;
    },
    pause(at) {
      pausedAt ??= at;
    },
    resume(at) {
      if (pausedAt !== undefined) pausedMs += at - pausedAt;
      pausedAt = undefined;
    },
    end(at) {
      endedAt ??= at;
    },
    soFar: (at) => ({
      billedMs: billedUntil(endedAt ?? at),
      promptTokens: 0,
      completionTokens: deltas,
    }),
    get hasContent() {
      return deltas > 0;
    },
    get finishReason() {
      return finishReason;
    },
    result: () => ({
      billedMs: endedAt === undefined ? 0 : billedUntil(endedAt),
      promptTokens: usage?.promptTokens ?? estimate(promptBytes),
      completionTokens: usage?.completionTokens ?? estimate(deltaBytes),
      estimated: usage === undefined,
      firstContentAt,
    }),
  };
}

/** The engine's word for the end in ours. A filter's cut is an ordinary end: the application sees the engine's word. */
export function finishOf(finishReason: string | undefined): Finish {
  switch (finishReason) {
    case "length":
      return "length";
    case "tool_calls":
    case "function_call":
      return "tool_calls";
    default:
      return "stop";
  }
}
