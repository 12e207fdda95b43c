/**
 * The frames of an answer, held to their order:
 *
 *   start ── head 200 ──► content ── body* ──► content ── line ──► done
 *     └───── head ≠ 200 ► refusal ── body ──► refusal ── end of stream
 *
 * Anything else, also an end before `done`, is `stream_truncated`: never a complete answer.
 */
import { type AnswerHead, answerHeadSchema } from "../protocol/chat.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { createSealedReader, type Frame, sealedBytesFor } from "../protocol/frames.ts";
import { limits } from "../protocol/limits.ts";
import { openFrame } from "../protocol/sealed-stream.ts";

export type AnswerPart =
  | { kind: "head"; head: AnswerHead }
  | { kind: "body"; bytes: Uint8Array }
  /** The line as sent; whether it is a line, and ours, is `line-check.ts`'s question. */
  | { kind: "line"; line: unknown };

type State = "start" | "content" | "refusal" | "done";

export interface AnswerReader {
  /** @throws TroopError `stream_truncated` */
  push(chunk: Uint8Array): AnswerPart[];
  /** To be called at the end of the stream. @throws TroopError `stream_truncated` */
  end(): void;
}

const malformed = (cause?: unknown) =>
  new TroopError("stream_truncated", "The node's answer is not in order.", { cause });

export function createAnswerReader(): AnswerReader {
  const reader = createSealedReader(sealedBytesFor(limits.frameBytes), "stream_truncated");
  let state: State = "start";

  function take({ type, bytes }: Frame): AnswerPart {
    switch (state) {
      case "start": {
        if (type !== "head") throw malformed();
        const head = readHead(bytes);
        state = head.status === 200 ? "content" : "refusal";
        return { kind: "head", head };
      }
      case "content":
        if (type === "body") return { kind: "body", bytes };
        if (type !== "line") throw malformed();
        state = "done";
        return { kind: "line", line: parseJson(bytes) };
      case "refusal":
        if (type !== "body") throw malformed();
        return { kind: "body", bytes };
      case "done":
        throw malformed();
      default:
        return state satisfies never;
    }
  }

  return {
    push: (chunk) =>
      reader.push(chunk).map((sealed) => take(openFrame(sealed, "stream_truncated"))),
    end() {
      const isWhole = state === "done" || state === "refusal";
      if (!isWhole || !reader.isAtBoundary()) throw new TroopError("stream_truncated");
    },
  };
}

function readHead(bytes: Uint8Array): AnswerHead {
  const parsed = answerHeadSchema.safeParse(parseJson(bytes));
  if (!parsed.success) throw malformed(parsed.error);
  return parsed.data;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw malformed();
  }
}
