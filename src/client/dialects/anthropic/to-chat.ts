/** A request to Anthropic's Messages API as the one chat that a node understands. Pure. */
import { TroopError } from "../../../protocol/error-codes.ts";
import { type Thinking, thinkingFields } from "../thinking.ts";
import { readPart } from "../read-part.ts";
import { type MessagesRequest, messagesRequest } from "./request.ts";
import { chatTools } from "./tools-to-chat.ts";
import { chatMessages } from "./turns-to-chat.ts";

export interface ChatAsked {
  /** A candidate for `readRequest("/v1/chat/completions", …)`. */
  candidate: Readonly<Record<string, unknown>>;
  isStream: boolean;
  /** Names of what was left out. */
  ignored: string[];
}

/** @throws TroopError `invalid_value` with the parameter as Anthropic's API names it */
export function readMessagesRequest(body: unknown): ChatAsked {
  const ignored = new Set<string>();
  const asked = readPart(messagesRequest, body, "", ignored);
  if (asked.thread !== undefined && asked.thread !== null) throw unthreaded();
  const messages = chatMessages(asked, ignored);
  const isPrefilled = messages.at(-1)?.role === "assistant";
  const candidate = {
    model: asked.model,
    messages,
    ...present({
      max_tokens: asked.max_tokens,
      temperature: asked.temperature,
      top_p: asked.top_p,
      top_k: asked.top_k,
    }),
    ...(asked.stop_sequences?.length ? { stop: asked.stop_sequences } : {}),
    ...chatTools(asked, ignored),
    ...thinkingFields(asked.model, thinkingOf(asked, isPrefilled)),
    ...formatFields(asked),
  };
  return { candidate, isStream: asked.stream === true, ignored: named(ignored) };
}

/**
 * What means nothing here and goes without a word: hints to a cache, what a part was signed with, by whom a tool was
 * called, what a text was quoted from. An application that sends one part back as it got it has them all.
 */
const silent = new Set(["cache_control", "citations", "signature", "caller"]);

const named = (ignored: Iterable<string>): string[] =>
  [...ignored].filter((path) => !silent.has(path.split(".").at(-1)!));

/**
 * A turn of a thread has only what is new in it: to drop the field would be to lose all that was before. The SDK's tool
 * runner begins with threads, and does without them once it is told this code.
 */
const unthreaded = (): TroopError =>
  new TroopError("invalid_value", "`thread`: no conversation is kept here; send the whole one.", {
    param: "thread",
    details: { error_code: "thread_unsupported_request" },
  });

const present = (fields: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );

function thinkingOf({ thinking, output_config }: MessagesRequest, isPrefilled: boolean): Thinking {
  const { type, budget_tokens: budget } = thinking ?? {};
  // A model that thinks first does not continue a text that was begun for it.
  const isOff = type === "disabled" || (type === undefined && isPrefilled);
  const isOn = isOff ? false : type === "enabled" ? true : undefined;
  return { isOn, effort: output_config?.effort, budget };
}

function formatFields({ output_config, output_format }: MessagesRequest): object {
  const format = output_config?.format ?? output_format;
  if (!format) return {};
  const json_schema = { name: "output", strict: true, schema: format.schema };
  return { response_format: { type: "json_schema", json_schema } };
}
