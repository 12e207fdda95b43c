/**
 * Questions for comparing nodes: as long as what people ask, and another one each time. Pure. Nobody knows what people
 * ask, so the words are ours: whoever reads a few hundred of them may learn to tell them from others'.
 */
import type { Random } from "../../base/random.ts";

/** Of one request, in tokens. */
export interface Length {
  prompt: number;
  answer: number;
}

/** Where the books do not say: mostly short questions, some with a page to read. */
export const usualLengths: readonly Length[] = [
  { prompt: 20, answer: 60 },
  { prompt: 40, answer: 200 },
  { prompt: 60, answer: 120 },
  { prompt: 150, answer: 200 },
  { prompt: 400, answer: 150 },
  { prompt: 1_200, answer: 200 },
];

/** Long ones cost much and tell no more: answers are compared by their beginnings. */
const promptMost = 2_000;
const answerLeast = 32;
const answerMost = 96;
const charactersPerToken = 4;

const subjects = "the harbour,an old library,our neighbour,the night train,a small bakery,the committee,a retired engineer,the river,my sister's team,the museum,a travelling salesman,the lighthouse,a local newspaper,the school,two cyclists,the weather station,an orchard,the ferry,a young painter,the town hall".split(","); // prettier-ignore
const verbs = "changed,described,repaired,avoided,celebrated,measured,sold,remembered,compared,postponed,explained,lost,rebuilt,visited,questioned,copied".split(","); // prettier-ignore
const objects = "the first winter,a broken clock,seven letters,the western bridge,an unusual recipe,the price of salt,a map of the coast,the long meeting,a borrowed bicycle,the missing key,several promises,the rules of the game,a quiet street,the second edition,an empty warehouse,the summer timetable".split(","); // prettier-ignore
const questions = [
  "Explain in your own words how {a} could have to do with {b}.",
  "Write the beginning of a story in which {c}.",
  "What would you ask first if {c}?",
  "Give three reasons why {c}.",
  "Write a short letter to {a} about {b}.",
  "Summarise what matters most here, and say what is missing.",
  "Suppose that {c}. What happens next?",
  "Which is harder to understand, {a} or {b}, and why?",
];

/** A question of about that length. */
export function makePrompt(random: Random, length: Length): string {
  const pick = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(random.fraction() * items.length)]!;
  const clause = () => `${pick(subjects)} ${pick(verbs)} ${pick(objects)}`;
  const question = pick(questions)
    .replace("{a}", pick(subjects))
    .replace("{b}", pick(objects))
    .replace("{c}", clause());
  const characters = Math.min(promptMost, length.prompt) * charactersPerToken - question.length;
  let text = "";
  while (text.length < characters) text += `${capitalised(clause())}. `;
  return text === "" ? question : `${text.trimEnd()}\n\n${question}`;
}

export const answerTokens = ({ answer }: Length): number =>
  Math.min(answerMost, Math.max(answerLeast, answer));

export const drawLength = (random: Random, lengths: readonly Length[]): Length =>
  lengths[Math.floor(random.fraction() * lengths.length)] ?? usualLengths[0]!;

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
