/** Asks a model file every question of the corpus and lists what it does not know by heart. */
import type { Topic } from "./corpus.ts";
import { promptTokens } from "./dialogue.ts";
import type { LoadedModel } from "./infer.ts";

export interface Miss {
  readonly question: string;
  readonly expected: string;
  readonly given: string;
}

export function examine(
  model: LoadedModel,
  corpus: readonly Topic[],
  vary: (question: string) => string = (question) => question,
): Miss[] {
  return corpus.flatMap(({ questions, answer }) =>
    questions.flatMap((written) => {
      const question = vary(written);
      const prompt = promptTokens(model.tokenizer, question);
      const given = model.tokenizer.decode(model.complete(prompt));
      return given === answer ? [] : [{ question, expected: answer, given }];
    }),
  );
}
