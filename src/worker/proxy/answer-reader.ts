/** Turns an engine's bytes into the body of our answer: event by event for a stream, whole for a document. */
import { StringDecoder } from "node:string_decoder";
import type { InferencePath } from "../../protocol/chat.ts";
import { limits } from "../../protocol/limits.ts";
import { createEventReader, formatEvent } from "../../protocol/sse.ts";
import { type ChunkIdentity, isDocument, readChunk, readUsage } from "./chunk.ts";
import type { Meter } from "./meter.ts";

/** `more` while the answer goes on, `whole` at its end, `broken` where it is not what an engine says. */
export type ReadState = "more" | "whole" | "broken";

export interface AnswerReader {
  readonly contentType: string;
  /** Returns what is to be passed on, and how the answer stands. */
  data(chunk: Uint8Array, at: number): { text: string; state: ReadState };
  /** The engine closed its answer. */
  end(): { text: string; state: ReadState };
  /** What tells the application that the answer was cut for its length; none for a document. */
  lengthEvent(): string | undefined;
}

export const createAnswerReader = (path: InferencePath, meter: Meter): AnswerReader =>
  path === "/v1/embeddings" ? documentReader(meter) : streamReader(path, meter);

/** One event is at most a large tool call or a chunk with many log probabilities. */
const eventCharacters = 1_024 * 1_024;
const done = "[DONE]";

/**
 * Body frames hold the engine's events as they are, `data: {json}` and an empty line each, without `[DONE]`:
 * the sidecar writes that itself once the line has arrived. An application needs a `finish_reason` to see a
 * proper end, so it is added for an engine that forgot.
 */
function streamReader(path: InferencePath, meter: Meter): AnswerReader {
  const decoder = new StringDecoder("utf8");
  const events = createEventReader(eventCharacters);
  let identity: ChunkIdentity | undefined;
  let state: ReadState = "more";
  const ending = () =>
    meter.finishReason === undefined ? formatEvent(finishChunk(path, identity, "stop")) : "";
  return {
    contentType: "text/event-stream",
    data(chunk, at) {
      let text = "";
      for (const data of pushEvents(decoder.write(chunk as Buffer))) {
        if (state !== "more") break;
        if (data === done) {
          state = "whole";
          text += ending();
          break;
        }
        if (!count(data, at)) {
          state = "broken";
          break;
        }
        // Within JSON a line's end is only ever white space.
        text += formatEvent(data.replaceAll("\n", " "));
      }
      return { text, state };
    },
    // Some engines close without [DONE]; a finish reason says as well that nothing is missing.
    end: () => ({
      text: "",
      state: state === "more" ? (meter.finishReason ? "whole" : "broken") : state,
    }),
    lengthEvent: () => formatEvent(finishChunk(path, identity, "length")),
  };

  /** False where the event is none, or says that the engine failed. */
  function count(data: string, at: number): boolean {
    const event = readChunk(data);
    if (!event || event.isError) return false;
    identity ??= event.identity;
    meter.count(event, at);
    return true;
  }

  function pushEvents(text: string): string[] {
    try {
      return events.push(text);
    } catch {
      state = "broken";
      return [];
    }
  }
}

/** The event that ends an answer, in the dialect of its route, with the fields the others had. */
export function finishChunk(
  path: InferencePath,
  identity: ChunkIdentity | undefined,
  finishReason: "stop" | "length",
): string {
  const isChat = path === "/v1/chat/completions";
  return JSON.stringify({
    ...identity,
    object: isChat ? "chat.completion.chunk" : "text_completion",
    choices: [
      { index: 0, ...(isChat ? { delta: {} } : { text: "" }), finish_reason: finishReason },
    ],
  });
}

function documentReader(meter: Meter): AnswerReader {
  const parts: Uint8Array[] = [];
  let size = 0;
  return {
    contentType: "application/json",
    data(chunk) {
      parts.push(chunk);
      size += chunk.length;
      return { text: "", state: size > limits.inferenceBodyBytes ? "broken" : "more" };
    },
    end() {
      const text = Buffer.concat(parts).toString("utf8");
      try {
        const document: unknown = JSON.parse(text);
        if (!isDocument(document)) return { text: "", state: "broken" };
        const usage = readUsage(document.usage);
        if (usage) meter.countUsage(usage);
        return { text, state: "whole" };
      } catch {
        return { text: "", state: "broken" };
      }
    },
    lengthEvent: () => undefined,
  };
}
