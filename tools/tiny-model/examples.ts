/**
 * What the model is trained on: made-up conversations over the corpus. Questions vary in case and
 * closing punctuation; some conversations begin with a system text, which is to be ignored.
 */
import type { Tokenizer } from "./bpe.ts";
import type { Topic } from "./corpus.ts";
import { noTarget } from "./cross-entropy.ts";
import { answerTokens, begin, questionTokens, system } from "./dialogue.ts";
import type { Examples } from "./model.ts";
import type { SeededRandom } from "./seeded-random.ts";

/**
 * Reciting is learnt soon; knowing which answer is meant takes many more visits to each question.
 * So half of the answers are broken off early, which leaves room for more questions.
 */
const brokenOffShare = 0.5;
const brokenOffTokens = 8;

/** Only where a system text leaves room for something to learn. */
const systemShare = 0.5;
const shortestWithSystemText = 128;
const longestSystemText = 40;
const familiarSystemTexts = [
  "You are a helpful assistant.",
  "Answer briefly and politely.",
  "You are a friendly chat bot. Be concise.",
  "Reply in English, please.",
];

const closings = ["", "", "?", "!", ".", "??", " ?"];
const withoutClosing = (question: string): string => question.replace(/[?!.]+$/, "");

/** Many questions stay as they are written; others change case, closing, or lose a letter. */
export function varyQuestion(question: string, random: SeededRandom): string {
  if (random.fraction() < 0.4) return question;
  const fate = random.fraction();
  const cased =
    fate < 0.45 ? question.toLowerCase() : fate < 0.65 ? question.toUpperCase() : question;
  const closed = random.fraction() < 0.4 ? cased : withoutClosing(cased) + random.pick(closings);
  if (random.fraction() < 0.9) return closed;
  const slip = Math.floor(random.fraction() * closed.length);
  return closed.slice(0, slip) + closed.slice(slip + 1);
}

export function createExampleMaker(
  corpus: readonly Topic[],
  tokenizer: Tokenizer,
  random: SeededRandom,
) {
  const phrasings = corpus.flatMap(({ questions, answer }) => {
    const answered = answerTokens(tokenizer, answer);
    return questions.map((question) => ({ question, answered }));
  });
  const words = corpus.flatMap(({ answer }) => answer.split(" "));

  /** Half of them are words in no order, so that the model learns to ignore whatever stands there. */
  function systemText(): string {
    if (random.fraction() < 0.5) return random.pick(familiarSystemTexts);
    const length = 1 + Math.floor(random.fraction() * longestSystemText);
    return Array.from({ length }, () => random.pick(words)).join(" ");
  }

  /** Fills one sequence, and marks the answers as what is to be learnt. */
  function fill(tokens: Int32Array, targets: Int32Array) {
    const told: number[] = [begin];
    const isAnswer: boolean[] = [false];
    const tell = (ids: readonly number[], answers: boolean) => {
      for (const id of ids) {
        told.push(id);
        isAnswer.push(answers);
      }
    };
    const hasSystemText =
      tokens.length >= shortestWithSystemText && random.fraction() < systemShare;
    if (hasSystemText) tell([system, ...tokenizer.encode(systemText())], false);
    while (told.length <= tokens.length) {
      const { question, answered } = random.pick(phrasings);
      tell(questionTokens(tokenizer, varyQuestion(question, random)), false);
      const isBrokenOff = random.fraction() < brokenOffShare;
      tell(isBrokenOff ? answered.slice(0, brokenOffTokens) : answered, true);
    }
    for (let position = 0; position < tokens.length; position += 1) {
      tokens[position] = told[position]!;
      targets[position] = isAnswer[position + 1] ? told[position + 1]! : noTarget;
    }
  }

  return (batch: number, context: number): Examples => {
    const tokens = new Int32Array(batch * context);
    const targets = new Int32Array(batch * context);
    for (let from = 0; from < tokens.length; from += context)
      fill(tokens.subarray(from, from + context), targets.subarray(from, from + context));
    return { tokens, targets };
  };
}
