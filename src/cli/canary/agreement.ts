/**
 * Whether nodes that say that they run the same model answer alike. Pure.
 *
 * Greedy decoding on other hardware, by another engine, or beside other requests need not give the same text: sums are
 * rounded otherwise, and where two words are about as likely the other one wins, after which all differs. So only the
 * beginnings of answers are compared, over several questions, by majority of the owners. Where equal models begin
 * alike in nine of ten cases, an honest node fails with odds of 1 in 2,000 (fewer than half of eight); another model that
 * begins alike in one of ten passes with 1 in 200, one that does in three of ten with 1 in 5. Both shares are assumptions.
 */

/** Of one node, in the order of the questions; undefined where it gave none. */
export interface Answers {
  node: string;
  owner: string;
  texts: readonly (string | undefined)[];
}

export interface Comparison {
  node: string;
  /** `undecided`: too few questions had a beginning that most agreed on. */
  verdict: "consistent" | "inconsistent" | "undecided";
  /** Questions that most agreed on, and the share of them in which it did too. */
  prompts: number;
  agreement: number;
  /** Other owners whose answers it was compared with. */
  peers: number;
}

const openingCharacters = 40;
const promptsLeast = 6;
const agreementLeast = 0.5;

export const compareAnswers = (all: readonly Answers[]): Comparison[] =>
  all.map((node) => {
    const peers = onePerOwner(all.filter(({ owner }) => owner !== node.owner));
    const told = node.texts.flatMap((text, index) => {
      const expected = consensus([node, ...peers].map(({ texts }) => texts[index]));
      return text === undefined || expected === undefined ? [] : [openingOf(text) === expected];
    });
    const agreed = told.filter(Boolean).length;
    const agreement = told.length === 0 ? 0 : agreed / told.length;
    return {
      ...{ node: node.node, prompts: told.length, agreement, peers: peers.length },
      verdict: verdictOf(told.length, agreement),
    };
  });

/** Whoever has many nodes has one voice. */
const onePerOwner = (nodes: readonly Answers[]): Answers[] => [
  ...new Map(nodes.toReversed().map((node) => [node.owner, node])).values(),
];

/** What more than half of those who answered begin with: of two who differ nobody can tell which is right. */
function consensus(texts: readonly (string | undefined)[]): string | undefined {
  const openings = texts.filter((text) => text !== undefined).map(openingOf);
  return [...Map.groupBy(openings, (opening) => opening)].find(
    ([, alike]) => alike.length * 2 > openings.length,
  )?.[0];
}

const openingOf = (text: string): string =>
  text.trim().replaceAll(/\s+/g, " ").slice(0, openingCharacters);

function verdictOf(prompts: number, agreement: number): Comparison["verdict"] {
  if (prompts < promptsLeast) return "undecided";
  return agreement >= agreementLeast ? "consistent" : "inconsistent";
}
