/** What an application may say on a WebSocket, and how it is told of a failure there. Pure. */
import { z } from "zod";
import { TroopError } from "../../../protocol/error-codes.ts";
import { errorObject } from "../../../protocol/error-object.ts";
import { readStrictJson } from "../../../protocol/strict-json.ts";

export type Message =
  /** @param lane answers of one lane come one after the other */
  | { kind: "create"; lane: string | undefined; body: object }
  | { kind: "steer"; previousResponseId: string; input: unknown }
  /** What asks for no answer. */
  | { kind: "note" };

const text = z.string().min(1).max(256);
const createSchema = z.looseObject({
  stream_id: text.nullish(),
  background: z.boolean().nullish(),
});
const steerSchema = z.object({ previous_response_id: text, input: z.unknown() });

/** @throws TroopError for what `strict-json.ts` refuses, `invalid_value` */
export function readMessage(bytes: Uint8Array): Message {
  const read = readStrictJson(bytes);
  const type = (read as { type?: unknown } | null)?.type;
  switch (type) {
    case "response.create": {
      const { stream_id, background, ...body } = parse(createSchema, read);
      if (background) throw invalid("background", "nothing runs in the background of a WebSocket");
      // What tells of the way rather than of the response.
      const { type: _type, stream: _stream, stream_options: _options, ...asked } = body;
      return { kind: "create", lane: stream_id ?? undefined, body: asked };
    }
    case "response.steer": {
      const { previous_response_id, input } = parse(steerSchema, read);
      return { kind: "steer", previousResponseId: previous_response_id, input };
    }
    // Codex says so of what it has worked off.
    case "response.processed":
      return { kind: "note" };
    default:
      throw invalid("type", "must be response.create");
  }
}

function parse<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(String(issue?.path[0]), issue?.message ?? "not understood");
}

const invalid = (param: string, why: string) =>
  new TroopError("invalid_value", `\`${param}\`: ${why}.`, { param });

export const laneOf = (lane: string | undefined): object =>
  lane === undefined ? {} : { stream_id: lane };

/** @param head what would stand in the headers of an answer over HTTP */
export const errorEvent = (
  error: TroopError,
  head: Readonly<Record<string, string>>,
  lane: string | undefined,
): object => ({
  type: "error",
  status: error.status,
  error: { ...errorObject(error), headers: head },
  ...laneOf(lane),
});

/** A model that runs elsewhere cannot be told anything while it answers. */
export const steerFailed = (previousResponseId: string, input: unknown): object => ({
  type: "response.steer.failed",
  sequence_number: 0,
  error: {
    type: "invalid_request_error",
    code: "steering_not_supported",
    message: "An answer cannot be steered while it is made; send the input with the next one.",
  },
  steer: { previous_response_id: previousResponseId, input },
});
