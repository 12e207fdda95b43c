/** Plain completions as OpenAI's API shapes them. */
import { z } from "zod";
import { TroopError } from "../../protocol/error-codes.ts";
import {
  type AnswerFold,
  type AnswerShape,
  type Dialect,
  type FinishReason,
  type Identity,
  readFinishReason,
  readUsage,
  utf8Bytes,
  withTotal,
} from "./answer-shape.ts";

export interface CompletionChunk extends Identity {
  object: "text_completion";
  choices: { index: 0; text: string; logprobs: unknown; finish_reason: FinishReason | null }[];
}

const eventSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        logprobs: z.unknown().optional(),
        finish_reason: z.unknown().optional(),
      }),
    )
    .nullish(),
  usage: z.unknown().optional(),
  error: z.unknown().optional(),
});

function createCompletionShape({ id, created, model }: Identity): AnswerShape<CompletionChunk> {
  const chunkOf = (
    text: string,
    logprobs: unknown,
    finish: FinishReason | null,
  ): CompletionChunk => ({
    id,
    object: "text_completion",
    created,
    model,
    choices: [{ index: 0, text, logprobs: logprobs ?? null, finish_reason: finish }],
  });
  return {
    read(event) {
      const parsed = eventSchema.safeParse(event);
      if (!parsed.success)
        throw new TroopError("stream_truncated", undefined, { cause: parsed.error });
      const { choices, usage, error } = parsed.data;
      const choice = choices?.[0];
      const text = choice?.text ?? "";
      return {
        chunk: text || choice?.logprobs ? chunkOf(text, choice?.logprobs, null) : undefined,
        textBytes: utf8Bytes(text),
        text: choice?.logprobs ? undefined : text,
        finish: readFinishReason(choice?.finish_reason),
        usage: readUsage(usage),
        isFailure: !!error,
      };
    },
    // Nobody is asked to go on with one (`continuation.ts`).
    goOn: () => undefined,
    finishChunk: (reason) => chunkOf("", null, reason),
    usageChunk: (usage) => ({ ...chunkOf("", null, null), choices: [], usage: withTotal(usage) }),
  };
}

function createCompletionFold({ id, created, model }: Identity): AnswerFold<CompletionChunk> {
  let text = "";
  let finish: FinishReason | null = null;
  return {
    add({ choices: [choice] }) {
      text += choice?.text ?? "";
      finish = choice?.finish_reason ?? finish;
    },
    whole: (usage) => ({
      id,
      object: "text_completion",
      created,
      model,
      choices: [{ index: 0, text, logprobs: null, finish_reason: finish }],
      usage: withTotal(usage),
    }),
  };
}

export const completionDialect: Dialect<CompletionChunk> = {
  idPrefix: "cmpl-",
  createShape: createCompletionShape,
  createFold: createCompletionFold,
};
