/** A node's bytes as events: decoded, split, and parsed where somebody asks. */
import { TroopError } from "../../protocol/error-codes.ts";
import { createEventReader } from "../../protocol/sse.ts";

/** One event is a delta; far larger ones are no stream. */
const eventCharacters = 4 * 1_024 * 1_024;

/** @throws TroopError `stream_truncated` from the returned function for what is not events */
export function createEventSplitter(): (bytes: Uint8Array) => string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = createEventReader(eventCharacters);
  return (bytes) => unlessBroken(() => reader.push(decoder.decode(bytes, { stream: true })));
}

/** @throws TroopError `stream_truncated` for what is not JSON */
export const parseEvent = (data: string): unknown =>
  unlessBroken(() => JSON.parse(data) as unknown);

function unlessBroken<Result>(read: () => Result): Result {
  try {
    return read();
  } catch {
    // Without its cause: a parser's message quotes what it could not read.
    throw new TroopError("stream_truncated");
  }
}
