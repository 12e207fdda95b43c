/** The models that the nodes in reach offer, in the shapes of OpenAI's and Anthropic's lists at once. Pure. */
import type { OfferedModel, Peer } from "../protocol/node.ts";
import { parseRate } from "../protocol/credits.ts";

export interface ListedModel {
  id: string;
  object: "model";
  created: number;
  owned_by: string;
  /** Anthropic's names for the same. */
  type: "model";
  display_name: string;
  created_at: string;
  /** Of the node with the longest; null where none says. */
  context_length: number | null;
  troop: { nodes: number; price: OfferedModel["price"] };
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

function describe(id: string, offers: readonly OfferedModel[]): ListedModel {
  const lengths = offers.flatMap(({ context_length }) => context_length ?? []);
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
    context_length: lengths.length > 0 ? Math.max(...lengths) : null,
    troop: { nodes: offers.length, price: cheapest.price },
  };
}
