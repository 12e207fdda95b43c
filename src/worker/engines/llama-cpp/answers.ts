/** The OpenAI shapes of an answer, streamed and whole, for chat and for completions. */
import type { Outcome } from "./generate.ts";
import type { Piece } from "./text.ts";

export interface AnswerHead {
  id: string;
  /** Seconds, as OpenAI has it. */
  created: number;
  model: string;
}

/** How one of the two dialects writes pieces of an answer. */
export interface AnswerShape {
  /** A streamed piece. @param isFirst the first piece of a chat names the role */
  chunk(head: AnswerHead, piece: Piece, isFirst: boolean): unknown;
  end(head: AnswerHead, finish: Outcome["finish"]): unknown;
  usage(head: AnswerHead, outcome: Outcome): unknown;
  whole(head: AnswerHead, pieces: readonly Piece[], outcome: Outcome): unknown;
}

const usageOf = ({ promptTokens, completionTokens }: Outcome) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
});

const join = (pieces: readonly Piece[], kind: Piece["kind"]): string =>
  pieces
    .filter((piece) => piece.kind === kind)
    .map((piece) => piece.text)
    .join("");

const field = (piece: Piece) =>
  piece.kind === "content" ? { content: piece.text } : { reasoning_content: piece.text };

const choice = (fields: object, finish_reason: Outcome["finish"] | null) => [
  { index: 0, ...fields, logprobs: null, finish_reason },
];

export const chatShape: AnswerShape = {
  chunk: (head, piece, isFirst) => ({
    ...head,
    object: "chat.completion.chunk",
    choices: choice({ delta: { ...(isFirst && { role: "assistant" }), ...field(piece) } }, null),
  }),
  end: (head, finish) => ({
    ...head,
    object: "chat.completion.chunk",
    choices: choice({ delta: {} }, finish),
  }),
  usage: (head, outcome) => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [],
    usage: usageOf(outcome),
  }),
  whole: (head, pieces, outcome) => {
    const reasoning = join(pieces, "reasoning");
    const message = {
      role: "assistant",
      content: join(pieces, "content"),
      ...(reasoning !== "" && { reasoning_content: reasoning }),
    };
    return {
      ...head,
      object: "chat.completion",
      choices: choice({ message }, outcome.finish),
      usage: usageOf(outcome),
    };
  },
};

export const completionShape: AnswerShape = {
  chunk: (head, piece) => ({
    ...head,
    object: "text_completion",
    choices: choice({ text: piece.text }, null),
  }),
  end: (head, finish) => ({
    ...head,
    object: "text_completion",
    choices: choice({ text: "" }, finish),
  }),
  usage: (head, outcome) => ({
    ...head,
    object: "text_completion",
    choices: [],
    usage: usageOf(outcome),
  }),
  whole: (head, pieces, outcome) => ({
    ...head,
    object: "text_completion",
    choices: choice({ text: join(pieces, "content") }, outcome.finish),
    usage: usageOf(outcome),
  }),
};
