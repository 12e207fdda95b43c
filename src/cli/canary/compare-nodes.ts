/** Asks nodes that publish the same digest of a model the same questions, and compares what they say. */
import type { Random } from "../../base/random.ts";
import type { Peer } from "../../protocol/node.ts";
import { type ErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { compareAnswers, type Comparison } from "./agreement.ts";
import { answerTokens, drawLength, type Length, makePrompt } from "./prompts.ts";

/** Nodes that say that they run the same. */
export interface Alike {
  model: string;
  digest: string;
  nodes: Pick<Peer, "node_id" | "owner">[];
}

export interface Question {
  node: string;
  model: string;
  content: string;
  answerTokens: number;
}

export interface CompareParts {
  ask: (question: Question) => Promise<string>;
  random: Random;
  lengths: readonly Length[];
  prompts: number;
}

export interface Finding extends Comparison {
  model: string;
  digest: string;
}

/** Of more a majority is known already. */
const nodesMost = 5;

/** Models that nodes of at least two owners offer under one digest, each with a few of those nodes, drawn at random. */
export function findAlike(peers: readonly Peer[], random: Random): Alike[] {
  const offers = peers.flatMap(({ node_id, owner, models }) =>
    models
      .filter(({ capabilities }) => capabilities.includes("chat"))
      .flatMap(({ name: model, digest }) =>
        digest === undefined ? [] : [{ model, digest, node: { node_id, owner } }],
      ),
  );
  const groups = Map.groupBy(offers, ({ model, digest }) => `${digest} ${model}`);
  // Which comes first changes too, for not all may come to be asked.
  return shuffled([...groups.values()], random).flatMap((group) => {
    const nodes = shuffled(
      group.map(({ node }) => node),
      random,
    ).slice(0, nodesMost);
    const { model, digest } = group[0]!;
    return new Set(nodes.map(({ owner }) => owner)).size < 2 ? [] : [{ model, digest, nodes }];
  });
}

/** @throws TroopError as `isOurDoing` has it: whatever else a node does not answer is its own doing */
export async function compareNodes(
  { model, digest, nodes }: Alike,
  { ask, random, lengths, prompts }: CompareParts,
): Promise<Finding[]> {
  const texts = nodes.map((): (string | undefined)[] => []);
  for (let index = 0; index < prompts; index += 1) {
    const length = drawLength(random, lengths);
    const content = makePrompt(random, length);
    const question = { model, content, answerTokens: answerTokens(length) };
    const answers = await Promise.all(
      nodes.map(({ node_id: node }) => ask({ ...question, node }).catch(unlessOurDoing)),
    );
    for (const [place, answer] of answers.entries()) texts[place]!.push(answer);
  }
  const compared = nodes.map(({ node_id: node, owner }, place) => ({
    ...{ node, owner, texts: texts[place]! },
  }));
  return compareAnswers(compared).map((comparison) => ({ ...comparison, model, digest }));
}

/** True of a failure that says nothing of nodes: no more credits to ask with. No node can say these. */
export const isOurDoing = (error: unknown): error is TroopError =>
  error instanceof TroopError && ourCodes.has(error.code);

const ourCodes: ReadonlySet<ErrorCode> = new Set([
  "spending_cap",
  "insufficient_credits",
  "faucet_empty",
]);

function unlessOurDoing(error: unknown): undefined {
  if (!(error instanceof TroopError) || isOurDoing(error)) throw error;
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, place: random.fraction() }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ item }) => item);
}
