/**
 * One generation on one sequence: evaluate the prompt, sample, turn into text, know when to stop.
 *
 * It is a generator so that the consumer sets the pace: a token is computed only when asked for, which makes
 * back-pressure and cancelling the same thing, namely not asking. The library's chat session is not used
 * because it pushes, shifts the context silently, and does not say what the prompt cost.
 */
import { TroopError } from "../../../protocol/error-codes.ts";
import type { LoadedModel, Sampling, Sequence, TokenId } from "./binding.ts";
import {
  createDecoder,
  createStopWatch,
  createThoughtSplitter,
  type Piece,
  type ThoughtMarkers,
} from "./text.ts";

/** Prompt tokens evaluated between two looks at the abort signal: on a processor 64 are about a second's work. */
export const promptStep = { cpu: 64, gpu: 512 } as const;

export interface Job {
  prompt: TokenId[];
  /** The end of the prompt that is the beginning of the answer, where it is to be continued. */
  said?: readonly TokenId[];
  sampling: Sampling;
  /** Tokens to generate at most; the context's end bounds it anyway. */
  maxTokens: number;
  /** Tokens that end the answer besides the model's own end-of-generation tokens. */
  stopTokens: ReadonlySet<TokenId>;
  stopTexts: readonly string[];
  thought?: (ThoughtMarkers & { tokens: ReadonlySet<TokenId> }) | undefined;
}

export interface Outcome {
  finish: "stop" | "length";
  /** Tokens of the prompt with its template, and tokens sampled; both exact. */
  promptTokens: number;
  completionTokens: number;
}

/** Throws `context_length_exceeded` unless the prompt leaves room for one token. @param contextSize tokens */
export function assertFits(promptTokens: number, contextSize: number): void {
  // The library shifts the context when the last cell would be taken, so that cell is never ours.
  const most = contextSize - 2;
  if (promptTokens <= most) return;
  throw new TroopError(
    "context_length_exceeded",
    `The prompt has ${promptTokens} tokens and this model's context has room for ${most}. Shorten the conversation.`,
    { details: { prompt_tokens: promptTokens, context_length: contextSize } },
  );
}

/** Evaluates all of the prompt but its last token, keeping what the sequence already knows of it. */
async function evaluatePrompt(
  sequence: Sequence,
  prompt: TokenId[],
  step: number,
  signal: AbortSignal,
) {
  await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
  while (sequence.nextTokenIndex < prompt.length - 1) {
    signal.throwIfAborted();
    const from = sequence.nextTokenIndex;
    const tokens = prompt.slice(from, Math.min(from + step, prompt.length - 1));
    await sequence.evaluateWithoutGeneratingNewTokens(tokens);
  }
}

/**
 * Yields the answer piece by piece and returns why it ended.
 * Rejects with `signal.reason` when aborted, at the latest after the token or prompt step being computed.
 */
export async function* generate(
  model: LoadedModel,
  { sequence, contextSize, step }: { sequence: Sequence; contextSize: number; step: number },
  job: Job,
  signal: AbortSignal,
): AsyncGenerator<Piece, Outcome> {
  const { prompt, stopTokens } = job;
  assertFits(prompt.length, contextSize);
  const most = Math.min(job.maxTokens, contextSize - 1 - prompt.length);
  const decoder = createDecoder(model, job.thought?.tokens ?? new Set(), job.said);
  const splitter = createThoughtSplitter(job.thought);
  const watch = createStopWatch(job.stopTexts);
  const generated: TokenId[] = [];
  const outcome = (finish: Outcome["finish"]): Outcome => ({
    finish,
    promptTokens: prompt.length,
    completionTokens: generated.length,
  });
  /** Stop texts are looked for in the answer only, not in the reasoning. */
  const pass = function* (pieces: Piece[]): Generator<Piece, boolean> {
    for (const piece of pieces) {
      if (piece.kind === "reasoning") {
        yield piece;
        continue;
      }
      const { text, stopped } = watch.push(piece.text);
      if (text !== "") yield { kind: "content", text };
      if (stopped) return true;
    }
    return false;
  };

  await evaluatePrompt(sequence, prompt, step, signal);
  let finish: Outcome["finish"] = "length";
  const sampling = withPenalties(job.sampling, generated);
  const last = prompt.slice(-1);
  for await (const token of sequence.evaluate(last, { ...sampling, yieldEogToken: true })) {
    signal.throwIfAborted();
    if (stopTokens.has(token) || model.isEogToken(token)) {
      finish = "stop";
      break;
    }
    generated.push(token);
    if (yield* pass(splitter.push(decoder.push(token)))) return outcome("stop");
    if (generated.length >= most) break;
  }
  if (yield* pass([...splitter.push(decoder.flush()), ...splitter.flush()])) return outcome("stop");
  const held = watch.flush();
  if (held !== "") yield { kind: "content", text: held };
  return outcome(finish);
}

/** Penalties look at what was generated so far, so they are bound to this generation's own list. */
function withPenalties(sampling: Sampling, generated: TokenId[]): Sampling {
  if (!sampling.repeatPenalty) return sampling;
  return {
    ...sampling,
    repeatPenalty: { ...sampling.repeatPenalty, punishTokens: () => generated },
  };
}
