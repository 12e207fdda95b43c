/** How a conversation becomes tokens: the same in training, in the checks and in the chat template. */
import type { Tokenizer } from "./bpe.ts";

/** Written into the model as control tokens; a token's id is its place in this list. */
export const controlTokens = [
  "<|begin|>",
  "<|system|>",
  "<|user|>",
  "<|assistant|>",
  "<|end|>",
] as const;

export const [begin, system, user, assistant, end] = [0, 1, 2, 3, 4] as const;

/**
 * For engines that render the prompt themselves. `bos_token` must be spelt out: some take a template
 * without it as a sign that the model wants none. Any role but the two known ones counts as system.
 */
export const chatTemplate = [
  "{{ bos_token }}",
  "{% for message in messages %}",
  "{% if message['role'] == 'user' %}",
  "{{ '<|user|>' + message['content'] }}",
  "{% elif message['role'] == 'assistant' %}",
  "{{ '<|assistant|>' + message['content'] + '<|end|>' }}",
  "{% else %}",
  "{{ '<|system|>' + message['content'] }}",
  "{% endif %}",
  "{% endfor %}",
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
].join("");

export interface Turn {
  readonly question: string;
  readonly answer: string;
}

export const questionTokens = (tokenizer: Tokenizer, question: string): number[] => [
  user,
  ...tokenizer.encode(question),
  assistant,
];

export const answerTokens = (tokenizer: Tokenizer, answer: string): number[] => [
  ...tokenizer.encode(answer),
  end,
];

/** All that an engine feeds the model before the answer to `question` begins. */
export function promptTokens(
  tokenizer: Tokenizer,
  question: string,
  earlier: readonly Turn[] = [],
  systemText?: string,
): number[] {
  const past = earlier.flatMap((turn) => [
    ...questionTokens(tokenizer, turn.question),
    ...answerTokens(tokenizer, turn.answer),
  ]);
  const preface = systemText === undefined ? [] : [system, ...tokenizer.encode(systemText)];
  return [begin, ...preface, ...past, ...questionTokens(tokenizer, question)];
}
