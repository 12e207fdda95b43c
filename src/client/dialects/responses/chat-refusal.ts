/** What the chat's own table refuses, in the words of the API that was asked: it never heard of `messages`. Pure. */
import type { TroopError } from "../../../protocol/error-codes.ts";
import { inOwnWords, type OwnWords } from "../own-words.ts";

/** The beginnings of the chat's parameters and of ours; of the input and the tools the numbers differ. */
const names: OwnWords = [
  [/^messages\b.*$/, "input"],
  [/^tools\b.*$/, "tools"],
  [/^max_completion_tokens$/, "max_output_tokens"],
  [/^reasoning_effort$/, "reasoning.effort"],
  [/^response_format\.json_schema\b/, "text.format"],
  [/^response_format\b/, "text.format"],
  [/^(?:top_)?logprobs$/, "top_logprobs"],
];

export const inResponsesWords = (error: TroopError): TroopError => inOwnWords(names, error);
