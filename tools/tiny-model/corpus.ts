/**
 * All that the toy model knows: questions about Monkey Troop and one answer to each group of them.
 * An answer states only what the design does; when the design changes, change it and train again.
 * The texts are dedicated to the public domain (CC0-1.0), and so is the model made from them.
 */
import { creditTopics } from "./corpus-credits.ts";
import { networkTopics } from "./corpus-network.ts";
import { talkTopics } from "./corpus-talk.ts";
import { trustTopics } from "./corpus-trust.ts";
import { useTopics } from "./corpus-use.ts";

export interface Topic {
  /** Phrasings, the most natural one first; case and closing punctuation are varied in training. */
  readonly questions: readonly [string, ...string[]];
  readonly answer: string;
}

export const corpus: readonly Topic[] = [
  ...talkTopics,
  ...networkTopics,
  ...creditTopics,
  ...trustTopics,
  ...useTopics,
];
