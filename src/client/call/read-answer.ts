/** Reads a node's answer to its end: content goes on as it comes, refusal or line is what remains. */
import { TroopError } from "../../protocol/error-codes.ts";
import type { FrameOpener } from "../../protocol/sealed-stream-cipher.ts";
import { createAnswerReader } from "./answer-reader.ts";
import { remedyFor } from "../course/failover.ts";
import type { OpenStream } from "./open-stream.ts";
import { readRefusal } from "./refusal.ts";
import type { SilenceWatch } from "./silence.ts";

export type AnswerEnding =
  | {
      kind: "refused";
      error: TroopError;
      /** The node did not keep the one-time secret's number: it may be used again. */
      isNumberFree: boolean;
      /** It was not sealed: it need not be the node that said it. */
      isInTheOpen: boolean;
    }
  | { kind: "line"; line: unknown };

/** The line is the last frame: a node that keeps the connection open behind it has nothing more to say. */
const endWaitMs = 1_000;

/**
 * @param opener refuses with `stream_truncated`
 * @param take gets the content; a promise asks the node to wait
 * @param silence told of what arrives
 * @throws TroopError `stream_truncated`, what `take` throws, and what the connection fails with
 */
export async function readAnswer(
  { status, headers: outerHeaders, chunks }: OpenStream,
  opener: FrameOpener,
  take: (bytes: Uint8Array) => Promise<void> | undefined,
  silence: Pick<SilenceWatch, "touch" | "expectEnd">,
): Promise<AnswerEnding> {
  if (status !== 200) {
    const error = await readRefusal(status, outerHeaders, chunks);
    // In the open anybody on the way can say it, and the node may be at work all the same: the number is used, and no
    // word of theirs keeps the request from another node.
    const isFinal = remedyFor(error.code) === "final";
    const said = `The node refused: ${error.code}.`;
    return {
      kind: "refused",
      error: isFinal ? new TroopError("node_unreachable", said, { cause: error }) : error,
      isNumberFree: false,
      isInTheOpen: true,
    };
  }
  const reader = createAnswerReader(opener);
  let line: { value: unknown } | undefined;
  let head: { status: number; headers: Readonly<Record<string, string>> } | undefined;
  const refusal: Uint8Array[] = [];
  try {
    for await (const batch of chunks) {
      silence.touch();
      for (const chunk of batch) {
        for (const part of reader.push(chunk)) {
          if (part.kind === "head") head = part.head;
          else if (part.kind === "line") {
            line = { value: part.line };
            silence.expectEnd(endWaitMs);
          } else if (head?.status === 200) await take(part.bytes);
          else refusal.push(part.bytes);
        }
      }
    }
  } catch (error) {
    // A node that dies or falls silent after its last frame has said all that there is to say.
    const isOutOfOrder = error instanceof TroopError && error.code === "stream_truncated";
    if (!line || isOutOfOrder) throw error;
  }
  reader.end();
  if (line) return { kind: "line", line: line.value };
  const error = await readRefusal(head!.status, head!.headers, [refusal]);
  // By now the engine may have been asked, and then the number is used although nothing is charged.
  return { kind: "refused", error, isNumberFree: isCrowding(error), isInTheOpen: false };
}

/** Refused for want of room: that comes before the number is kept. */
const isCrowding = ({ code }: TroopError) => code === "busy" || code === "owner_busy";
