/** Models on offer as Ollama's API lists and shows them. What nobody says of a model stays empty. Pure. */
import { createHash } from "node:crypto";
import type { Capability, OfferedModel, Peer } from "../../../protocol/node.ts";
import { choiceNames } from "../../routing/model-choice.ts";

/** Nobody knows when a model was made; `/v1/models` has the epoch for it too. */
const modifiedAt = "1970-01-01T00:00:00Z";

/** A node keeps a model for as long as it likes; who asks for a time is told that of Ollama's default. */
const keptMs = 300_000;

/** Ollama's words for what a model can do; `chat` is nothing of its own there. */
const words: Readonly<Partial<Record<Capability, string>>> = {
  prefill: "completion",
  completion: "completion",
  chat: "completion",
  tools: "tools",
  vision: "vision",
  reasoning: "thinking",
  embedding: "embedding",
};

/** All that several nodes say of one model. */
interface Card {
  name: string;
  size: number;
  digest: string;
  contextLength: number | undefined;
  quantization: string;
  capabilities: string[];
  isLoaded: boolean;
}

/** Names of a requester's own, each for several models. */
export type ModelLists = ReadonlyMap<string, readonly string[]>;

/** Models by name, and behind them the names that stand for several, while one of those is offered. */
function cardsOf(peers: readonly Peer[], lists: ModelLists): Card[] {
  const all = peers.flatMap(({ models }) => models);
  const models = [...Map.groupBy(all, ({ name }) => name)]
    .map(([name, offers]) => cardOf(name, offers))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const choices = [
    ...Object.keys(choiceNames).map((name) => [name, all] as const),
    ...[...lists].map(
      ([name, of]) => [name, all.filter((offer) => of.includes(offer.name))] as const,
    ),
  ];
  return [
    ...models,
    ...choices.flatMap(([name, offers]) => (offers.length > 0 ? [choiceOf(name, offers)] : [])),
  ];
}

/** What a model is of itself it has none of: that is the model's which is chosen. */
const choiceOf = (name: string, offers: readonly OfferedModel[]): Card => ({
  ...cardOf(name, offers),
  ...{ size: 0, digest: digestOf(name), quantization: "", isLoaded: false },
});

/** Programs cut a digest to twelve characters, or tell models apart by it: without one the name stands in. */
const digestOf = (name: string): string => createHash("sha256").update(name).digest("hex");

function cardOf(name: string, offers: readonly OfferedModel[]): Card {
  const lengths = offers.flatMap(({ context_length }) => context_length ?? []);
  const said = offers.flatMap(({ capabilities }) =>
    capabilities.map((word) => words[word] ?? word),
  );
  const digest = offers.find((offer) => offer.digest)?.digest;
  return {
    name,
    size: offers.find((offer) => offer.size_bytes)?.size_bytes ?? 0,
    digest: digest?.replace(/^sha256:/, "") ?? digestOf(name),
    contextLength: lengths.length > 0 ? Math.max(...lengths) : undefined,
    quantization: offers.find((offer) => offer.quantization)?.quantization ?? "",
    capabilities: [...new Set(said)],
    isLoaded: offers.some(({ loaded }) => loaded),
  };
}

const detailsOf = ({ quantization }: Card) => ({
  parent_model: "",
  format: "",
  family: "",
  families: [],
  parameter_size: "",
  quantization_level: quantization,
});

const listed = (card: Card) => ({
  name: card.name,
  model: card.name,
  size: card.size,
  digest: card.digest,
  details: detailsOf(card),
});

/** `GET /api/tags` */
export const tagsOf = (peers: readonly Peer[], lists: ModelLists): object => ({
  models: cardsOf(peers, lists).map((card) => ({ ...listed(card), modified_at: modifiedAt })),
});

/** `GET /api/ps`: what some node has in its memory. Where in it nobody says; whoever lends, lends a GPU. */
export const runningOf = (peers: readonly Peer[], now: number): object => ({
  models: cardsOf(peers, new Map())
    .filter(({ isLoaded }) => isLoaded)
    .map((card) => ({
      ...listed(card),
      expires_at: new Date(now + keptMs).toISOString(),
      size_vram: card.size,
      ...(card.contextLength === undefined ? {} : { context_length: card.contextLength }),
    })),
});

/** `POST /api/show`; undefined where nobody offers it. */
export function shownModel(
  peers: readonly Peer[],
  lists: ModelLists,
  name: string,
): object | undefined {
  const card = cardsOf(peers, lists).find((each) => each.name === name);
  if (!card) return undefined;
  // Applications look the context's length up under the architecture's name.
  const architecture = "unknown";
  const length = card.contextLength;
  return {
    license: "",
    modelfile: "",
    parameters: "",
    template: "",
    system: "",
    details: detailsOf(card),
    model_info: {
      "general.architecture": architecture,
      "general.basename": name,
      ...(length === undefined ? {} : { [`${architecture}.context_length`]: length }),
    },
    capabilities: card.capabilities,
    modified_at: modifiedAt,
  };
}
