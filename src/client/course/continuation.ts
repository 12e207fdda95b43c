/**
 * What is left to ask of another node where an answer broke off: the same request, with the text so far as the
 * beginning of its answer. Pure.
 *
 * Only text is continued, of an answer that can be nothing but text: what an engine makes of a begun tool call, of
 * thoughts, or of the first half of what a schema demands, differs from engine to engine.
 */
import type { Capability } from "../../protocol/node.ts";
import type { InferencePath } from "../../protocol/chat.ts";
import { mostAnswerTokens } from "../routing/needs.ts";

/** An answer that broke off, as its reader has it. */
export interface SoFar {
  text: string;
  /** Pieces that it came in: engines send a token in each. */
  tokens: number;
  /** False where it said anything but text, or more than is kept. */
  isPlain: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** What is missing of an answer, as a request. */
export interface Rest {
  capability: Capability;
  fields: Fields;
  /** White space that the text ends in. It is left to the next engine to say again, and dropped where it does. */
  seam: string;
  /** Tokens so far. */
  tokens: number;
}

/** @returns undefined where nobody could go on with it truly, or nothing may be added to it */
export function restOf(path: InferencePath, fields: Fields, soFar: SoFar): Rest | undefined {
  const { tokens } = soFar;
  if (!soFar.isPlain || !soFar.text.isWellFormed() || opensStop(soFar.text, fields))
    return undefined;
  const left = (mostAnswerTokens(fields) ?? Infinity) - tokens;
  if (left < 1) return undefined;
  // Models write a word with the space before it: behind one that stands alone they write another.
  const text = soFar.text.trimEnd();
  const rest = continued(path, { ...fields, ...limited(fields, left) }, text);
  return rest && { ...rest, seam: soFar.text.slice(text.length), tokens };
}

function continued(path: InferencePath, fields: Fields, text: string) {
  switch (path) {
    case "/v1/chat/completions":
      return isPlainChat(fields) ? continuedChat(fields, text) : undefined;
    // Ollama puts a prompt into a chat's template (ollama/ollama #5544): behind the text so far it would answer anew.
    case "/v1/completions":
    case "/v1/embeddings":
      return undefined;
    default:
      return path satisfies never;
  }
}

function continuedChat(fields: Fields, text: string) {
  // Nothing that counts was said yet.
  if (text === "") return { capability: "chat" as const, fields };
  const messages = [...messagesOf(fields), { role: "assistant", content: text }];
  return {
    capability: "prefill" as const,
    fields: { ...fields, messages, continue_final_message: true },
  };
}

const messagesOf = ({ messages }: Fields) => messages as readonly { role: string }[];

function isPlainChat(fields: Fields): boolean {
  const { tools, response_format: format, logprobs } = fields;
  const hasTools = Array.isArray(tools) && tools.length > 0;
  const isText = format === undefined || (format as { type: string }).type === "text";
  // Engines differ in whether an answer behind a message of the assistant is a new one.
  return !hasTools && isText && !logprobs && messagesOf(fields).at(-1)?.role !== "assistant";
}

/** What was said counts as part of the answer that was asked for. */
const limited = (fields: Fields, left: number): Fields =>
  Object.fromEntries(
    ["max_tokens", "max_completion_tokens"].flatMap((name) =>
      typeof fields[name] === "number" ? [[name, left]] : [],
    ),
  );

/** The next engine would not see that its first words end a stop text which these begin. White space it says itself. */
function opensStop(text: string, { stop }: Fields): boolean {
  const stops = stop === undefined ? [] : ([stop].flat() as string[]);
  return stops.some((one) =>
    Array.from({ length: one.length }, (_, index) => one.slice(0, index)).some(
      (begun) => begun.trimEnd() !== "" && text.endsWith(begun),
    ),
  );
}
