/** Finds the node for a request from what is known: the list, warm tickets, and what was seen of nodes. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { parseMultiplier } from "../../protocol/credits.ts";
import type { Capability, Model, Peer } from "../../protocol/node.ts";
import { freeRate, parseRates, type Rate } from "../../protocol/price.ts";
import type { Wish } from "../../protocol/selection.ts";
import type { Peers } from "../peers.ts";
import { isAllowed, isRestricted, type NodePolicy } from "../sealing/node-policy.ts";
import { type Candidate, chooseNode, type HeldTicket, type Requirements } from "./choose-node.ts";
import { crowding, expectedMs, firstWordMs, type Outlook, promisedSpeed } from "./expectation.ts";
import { createExperience } from "./experience.ts";
import { mostAnswerTokens, needsOf } from "./needs.ts";
import { billionsOf, type ModelOffer } from "./model-choice.ts";
import { offersOf } from "./model-offers.ts";
import { createNamesOf } from "./other-names.ts";
import { isMeant, isNarrow, isWelcome, type Preferences } from "./preferences.ts";
import { createPrefixes, type Prompt } from "./prefixes.ts";
import { createProbes, type ProbeNode } from "./probes.ts";
import { createUnderway, type Sent } from "./underway.ts";

export type Found =
  | { kind: "node"; node: string }
  /** There is no list to choose from: `node` is left to the coordinator. */
  | { kind: "any"; node: undefined }
  /** No node that is not excluded offers the model. */
  | { kind: "nobody" };

/** What a request wants of a node. */
export interface RouteWish extends Wish {
  prompt: Prompt;
  /** The longest answer that is to be expected. */
  answerTokens: number;
  requirements: Requirements;
  preferences: Preferences;
  /** What began the answer, where it is to be gone on with: only the same will do. */
  begunBy?: Model | undefined;
}

export type RequestWork = Pick<RouteWish, "prompt" | "answerTokens" | "requirements">;

export interface NodeFinder extends Disposable {
  /** @param fields a request's, validated */
  workOf(fields: Readonly<Record<string, unknown>>): RequestWork;
  /**
   * Waits for the coordinator only where no node with a warm ticket will do.
   * @throws TroopError why there is no list young enough to tell that nobody offers the model
   */
  find(wish: RouteWish): Promise<Found>;
  /** Names by which the model can be had; none where it is known by no other. Waits as `find` does, and never throws. */
  namesOf(model: string): Promise<readonly string[]>;
  /**
   * Each model that somebody offers, and how soon it would answer.
   * @param wish with `among` these only
   * @throws TroopError where there is no list of nodes
   */
  offers(
    wish: RequestWork &
      Pick<RouteWish, "preferences"> & { capability: Capability; among?: readonly string[] },
  ): Promise<ModelOffer[]>;
  /** What the list says that the node asks for the model: nothing at one's own; undefined where it is not listed. */
  rateAt(node: string, model: string): Rate | undefined;
  /** Until the first word of an answer is expected there; undefined where it is not listed. */
  firstWordMs(node: string, wish: Pick<RouteWish, "model" | "prompt">): number | undefined;
  /** From now on the node knows this prompt. */
  sent(node: string, wish: Pick<RouteWish, "model" | "prompt">): Sent;
}

export interface NodeFinderParts {
  peers: Pick<Peers, "known" | "list" | "ageMs" | "wish">;
  tickets: { warm(model: string): readonly HeldTicket[] };
  clock: Pick<Clock, "monotonic" | "timer">;
  random: Random;
  log: Log;
  probe: ProbeNode;
  policy: NodePolicy;
  /** The account's id. */
  account: string;
}

/** Old enough to be wrong, good enough to begin with: a node that has left is found out by asking it. */
const usableListMs = 60_000;
/** Young enough to believe that nobody is there. Bounds the calls that a wrong model name causes. */
const freshListMs = 5_000;

/** Most answers end by themselves, long before what they may have. */
const usualAnswerTokens = 256;

export function createNodeFinder(parts: NodeFinderParts): NodeFinder {
  const { peers, tickets, policy, account, clock, random, log } = parts;
  const experience = createExperience(clock);
  const prefixes = createPrefixes({ clock, random });
  const probes = createProbes({ clock, random, probe: parts.probe, gone: markFailed });
  const underway = createUnderway({
    ...{ prefixes, experience, failed: markFailed },
    kept: (node) => probes.forget(node),
  });

  function markFailed(node: string): void {
    const outMs = experience.failed(node);
    if (outMs !== undefined) probes.after(node, outMs);
  }
  const isOut = (node: string) => experience.isOut(node) || probes.awaits(node);

  // What the list says of owners is the coordinator's word; it is checked with the ticket.
  const isOpen = ({ node_id: node, owner }: Peer) => isAllowed(policy, { node, owner });

  async function listed(maxAgeMs: number): Promise<{ list: readonly Peer[]; failure?: unknown }> {
    try {
      return { list: await peers.list(maxAgeMs) };
    } catch (error) {
      log.debug({ err: error }, "nodes cannot be listed");
      return { list: peers.known(), failure: error };
    }
  }

  function outlook({ node, offer, ticket }: Candidate, prompt: Prompt): Outlook {
    const id = node.node_id;
    const model = offer.name;
    const billions = billionsOf(model, offer.size_bytes);
    const promised = promisedSpeed(parseMultiplier(node.multiplier) / 10_000, billions);
    return {
      speed: experience.speedOf(id, model, promised),
      running: ticket?.running ?? node.slots.active,
      slots: node.slots.total,
      unreadTokens: underway.unreadTokens(id),
      cachedTokens: prefixes.cachedTokens(id, model, prompt),
      isWarm: ticket !== undefined,
      failureShare: experience.failureShare(id),
    };
  }

  const namesIn = createNamesOf();
  const beginningList = async (model: string) =>
    tickets.warm(model).length > 0 ? peers.known() : (await listed(usableListMs)).list;

  const ticketOf = (node: string, model: string) =>
    tickets.warm(model).find((held) => held.node.node_id === node);

  /** With this request at work there already. */
  function crowdingAt(node: string, model: string): number {
    const ticket = ticketOf(node, model);
    if (!ticket) return 1;
    return crowding({ running: ticket.running - 1, slots: ticket.node.slots.total });
  }

  return {
    workOf(fields) {
      const needs = needsOf(fields);
      const prompt = prefixes.read(fields, needs);
      const answerTokens = Math.min(mostAnswerTokens(fields) ?? Infinity, usualAnswerTokens);
      return {
        prompt,
        answerTokens,
        requirements: {
          capabilities: needs.capabilities,
          contextTokens: prompt.tokens + answerTokens,
        },
      };
    },
    async find(wish) {
      const { model, exclude, prompt, answerTokens, requirements, preferences, begunBy } = wish;
      const warm = tickets.warm(model);
      const facts = {
        ...{ warm, isOut, requirements, preferences, begunBy, account },
        outlook: (candidate: Candidate) => outlook(candidate, prompt),
        work: { promptTokens: prompt.tokens, answerTokens },
      };
      const choose = (list: readonly Peer[]) =>
        chooseNode({ ...facts, peers: list.filter(isOpen) }, wish, random);
      const first = choose(await beginningList(model));
      if (first) return { kind: "node", node: first };
      const { list, failure } = await listed(freshListMs);
      const node = choose(list);
      if (node) return { kind: "node", node };
      const hasList = peers.ageMs() !== undefined;
      const mayBeAny = !isRestricted(policy) && !isNarrow(preferences);
      if (!hasList && mayBeAny) return { kind: "any", node: undefined };
      // An old list does not show that nobody is there.
      if (failure && (exclude.size === 0 || !hasList)) throw failure as Error;
      // Whoever asks few asks them alone, and tells nobody what for.
      if (exclude.size === 0 && mayBeAny) peers.wish(model);
      return { kind: "nobody" };
    },
    namesOf: async (model) => namesIn(await beginningList(model), model),
    async offers({ capability, preferences, prompt, answerTokens, among }) {
      const { list, failure } = await listed(usableListMs);
      if (failure && list.length === 0) throw failure as Error;
      const nodes = list.filter((node) => isOpen(node) && isWelcome(preferences, node));
      const work = { promptTokens: prompt.tokens, answerTokens };
      const candidates = nodes.flatMap((node) =>
        node.models
          .filter(({ capabilities }) => capabilities.includes(capability))
          .filter(({ name }) => among?.includes(name) ?? true)
          .filter((offer) => isMeant(preferences, offer))
          .map((offer) => ({ node, offer, ticket: ticketOf(node.node_id, offer.name) })),
      );
      return offersOf(candidates, {
        isOut,
        expectedMs: (candidate) => expectedMs(outlook(candidate, prompt), work),
      });
    },
    rateAt(node, model) {
      const peer = peers.known().find(({ node_id }) => node_id === node);
      const offer = peer?.models.find(({ name }) => name === model);
      return offer && (peer?.owner === account ? freeRate : parseRates(offer.price));
    },
    firstWordMs(id, { model, prompt }) {
      const node = peers.known().find(({ node_id }) => node_id === id);
      const offer = node?.models.find(({ name }) => name === model);
      if (!node || !offer) return undefined;
      const candidate = { node, offer, ticket: ticketOf(id, model) };
      return firstWordMs(outlook(candidate, prompt), prompt.tokens);
    },
    sent: (node, { model, prompt }) =>
      underway.sent(node, { model, prompt, crowding: crowdingAt(node, model) }),
    [Symbol.dispose]: () => probes[Symbol.dispose](),
  };
}
