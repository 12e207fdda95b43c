/**
 * The frames of an answer, held to their order:
 *
 *   start ── head 200 ──► content ── body* ──► content ── line, final ──► done
 *     └───── head ≠ 200 ► refusal ── body* ──► refusal ── body, final ──► done
 *
 * Anything else, also an end before `done`, is `stream_truncated`: never a complete answer.
 */
import { type AnswerHead, readAnswerHead } from "../../protocol/chat.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { FrameOpener, OpenedFrame } from "../../protocol/sealed-stream-cipher.ts";

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

/** @param opener refuses with `stream_truncated` */
export function createAnswerReader(opener: FrameOpener): AnswerReader {
  let state: State = "start";

  function take({ type, bytes, isFinal }: OpenedFrame): AnswerPart {
    switch (state) {
      case "start": {
        if (type !== "head" || isFinal) throw malformed();
        const head = readHead(bytes);
        state = head.status === 200 ? "content" : "refusal";
        return { kind: "head", head };
      }
      case "content":
        // Content is whole where the line says so, and nowhere else.
        if (type === "body" && !isFinal) return { kind: "body", bytes };
        if (type !== "line" || !isFinal) throw malformed();
        state = "done";
        return { kind: "line", line: parseJson(bytes) };
      case "refusal":
        if (type !== "body") throw malformed();
        if (isFinal) state = "done";
        return { kind: "body", bytes };
      case "done":
        throw malformed();
      default:
        return state satisfies never;
    }
  }

  return {
    push: (chunk) => opener.push(chunk).map(take),
    end() {
      opener.end();
    },
  };
}

function readHead(bytes: Uint8Array): AnswerHead {
  const head = readAnswerHead(parseJson(bytes));
  if (!head) throw malformed();
  return head;
}

/** Between two texts it keeps nothing. */
const decoder = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    throw malformed();
  }
}
