/** A node's bytes as events: decoded, split, parsed. */
import { TroopError } from "../protocol/error-codes.ts";
import { createEventReader } from "../protocol/sse.ts";

/** One event is a delta; far larger ones are no stream. */
const eventCharacters = 4 * 1_024 * 1_024;

/** @throws TroopError `stream_truncated` from the returned function for what is not events of JSON */
export function createEventParser(): (bytes: Uint8Array) => unknown[] {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = createEventReader(eventCharacters);
  return (bytes) => {
    try {
      const events = reader.push(decoder.decode(bytes, { stream: true }));
      return events.map((data) => JSON.parse(data) as unknown);
    } catch {
      // Without its cause: a parser's message quotes what it could not read.
      throw new TroopError("stream_truncated");
    }
  };
}
