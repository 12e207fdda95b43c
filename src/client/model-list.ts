/** The models that the nodes in reach offer, in the shapes of OpenAI's and Anthropic's lists at once. Pure. */
import type { OfferedModel, Peer } from "../protocol/node.ts";
import { parseRate } from "../protocol/credits.ts";
import { choiceNames } from "./routing/model-choice.ts";

export interface ListedModel {
  id: string;
  object: "model";
  created: number;
  owned_by: string;
  /** Anthropic's names for the same. */
  type: "model";
  display_name: string;
  created_at: string;
  lifecycle: "active";
  max_input_tokens: number | null;
  /** What nobody knows of a model here. */
  max_tokens: null;
  capabilities: null;
  line: null;
  deprecated_at: null;
  retires_at: null;
  /** Of the node with the longest; null where none says. */
  context_length: number | null;
  troop: {
    nodes: number;
    price: OfferedModel["price"];
    /** By what engines say; empty for a name that stands for several models. */
    quantizations: string[];
    digests: string[];
  };
}

/** By name. The price is the lowest per second that is asked for the model. */
export function listModels(peers: readonly Peer[]): ListedModel[] {
  const offersOf = Map.groupBy(
    peers.flatMap(({ models }) => models),
    ({ name }) => name,
  );
  return [...offersOf]
    .map(([id, offers]) => describe(id, offers))
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

/** Names that stand for several models, while one of those is offered. @param lists the requester's own */
export function listChoices(
  models: readonly ListedModel[],
  lists: ReadonlyMap<string, readonly string[]>,
): ListedModel[] {
  const all = models.map(({ id }) => id);
  const choices = Object.entries(choiceNames).map(([id, text]) => ({ id, text, of: all }));
  const own = [...lists].map(([id, of]) => ({ id, text: `the first of ${of.join(", ")}`, of }));
  return [...choices, ...own].flatMap(({ id, text, of }) => {
    const meant = models.filter((model) => of.includes(model.id));
    if (meant.length === 0) return [];
    const contexts = meant.flatMap(({ context_length }) => context_length ?? []);
    const context_length = contexts.length > 0 ? Math.max(...contexts) : null;
    const cheapest = meant.reduce((best, model) =>
      parseRate(model.troop.price.per_second) < parseRate(best.troop.price.per_second)
        ? model
        : best,
    );
    const nodes = Math.max(...meant.map(({ troop }) => troop.nodes));
    return [
      {
        ...{ ...cheapest, id, display_name: `${id}: ${text}` },
        ...{ context_length, max_input_tokens: context_length },
        troop: { nodes, price: cheapest.troop.price, quantizations: [], digests: [] },
      },
    ];
  });
}

function describe(id: string, offers: readonly OfferedModel[]): ListedModel {
  const lengths = offers.flatMap(({ context_length }) => context_length ?? []);
  const contextLength = lengths.length > 0 ? Math.max(...lengths) : null;
  const perSecond = ({ price }: OfferedModel) => parseRate(price.per_second);
  const cheapest = offers.reduce((best, offer) =>
    perSecond(offer) < perSecond(best) ? offer : best,
  );
  return {
    id,
    object: "model",
    // Nobody knows when a model was made; both APIs use the epoch for that.
    created: 0,
    owned_by: "monkey-troop",
    type: "model",
    display_name: id,
    created_at: "1970-01-01T00:00:00Z",
    lifecycle: "active",
    max_input_tokens: contextLength,
    ...{ max_tokens: null, capabilities: null, line: null, deprecated_at: null, retires_at: null },
    context_length: contextLength,
    troop: {
      nodes: offers.length,
      price: cheapest.price,
      quantizations: distinct(offers.map(({ quantization }) => quantization)),
      digests: distinct(offers.map(({ digest }) => digest)),
    },
  };
}

const distinct = (texts: readonly (string | undefined)[]): string[] =>
  [...new Set(texts.flatMap((text) => text ?? []))].toSorted();
