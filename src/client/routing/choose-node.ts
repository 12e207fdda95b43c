/** Which node a request goes to. Pure. */
import type { Random } from "../../base/random.ts";
import type { Micro } from "../../protocol/credits.ts";
import type { Capability, Model, OfferedModel, Peer } from "../../protocol/node.ts";
import { costOf, parseRates } from "../../protocol/price.ts";
import { wellReputed } from "../../protocol/reputation.ts";
import { freeSlots, offers, type Wish } from "../../protocol/selection.ts";
import type { Ticket } from "../tickets/ticket.ts";
import { expectedMs, type Outlook, type Work } from "./expectation.ts";
import { narrowed } from "./narrowed.ts";
import { isSameContent } from "./same-content.ts";
import { hasWanted, isMeant, isWelcome, type Preferences, weigh } from "./preferences.ts";

/** What counts here of a ticket at hand. */
export type HeldTicket = Pick<Ticket, "node" | "running" | "lastUsedAt">;

/** What a model should have, where there is one that says so. */
export interface Requirements {
  capabilities: readonly Capability[];
  /** Prompt and answer. */
  contextTokens: number;
}

export interface RoutingFacts {
  peers: readonly Peer[];
  /** Usable tickets for the wished model. */
  warm: readonly HeldTicket[];
  /** Failed a moment ago: used only where there is no other. */
  isOut(node: string): boolean;
  outlook(candidate: Candidate): Outlook;
  work: Work;
  requirements: Requirements;
  preferences: Preferences;
  /** What began the answer, where it is to be gone on with. */
  begunBy?: Model | undefined;
  /** Whose nodes cost nothing. */
  account: string;
}

export interface Candidate {
  node: Peer;
  offer: OfferedModel;
  /** Where one is at hand. */
  ticket: HeldTicket | undefined;
}

/** Nodes without a ticket of ours that are looked at: a ticket at each of many would hold all the credits there are. */
const drawnMost = 2;

/**
 * The node where the answer is expected soonest, weighed with what it costs there: of all whose ticket is at hand, and
 * of two others drawn at random (power of two choices), so that clients that decide at the same instant do not all pick
 * the same. A full node only where none has room, one that failed a moment ago where there is no other at all.
 * @returns its id; undefined where no node qualifies
 */
export function chooseNode(facts: RoutingFacts, wish: Wish, random: Random): string | undefined {
  const { isOut } = facts;
  const candidates = fit(candidatesOf(facts, wish), facts);
  const well = candidates.filter(({ node }) => !isOut(node.node_id));
  const roomy = well.filter(hasRoom);
  const group = [roomy, well, candidates].find(({ length }) => length > 0) ?? [];
  return best(drawn(ownFirst(group, facts), random), facts)?.node.node_id;
}

function candidatesOf(facts: RoutingFacts, wish: Wish): Candidate[] {
  const { peers, warm, preferences, begunBy } = facts;
  const ticketOf = new Map(warm.map((ticket) => [ticket.node.node_id, ticket]));
  const listed = new Set(peers.map(({ node_id }) => node_id));
  const unlisted = warm.map(({ node }) => node).filter(({ node_id }) => !listed.has(node_id));
  return [...peers, ...unlisted].flatMap((node) => {
    const usable = !wish.exclude.has(node.node_id) && isWelcome(preferences, node);
    const offer =
      usable && offers(node, wish) && node.models.find(({ name }) => name === wish.model);
    return offer && isMeant(preferences, offer) && isSameContent(begunBy, offer)
      ? [{ node, offer, ticket: ticketOf.get(node.node_id) }]
      : [];
  });
}

/** Wishes, for many engines do not say what their models can do. */
function fit(candidates: readonly Candidate[], { requirements, preferences }: RoutingFacts) {
  const { capabilities, contextTokens } = requirements;
  const rules = [
    ...capabilities.map(
      (capability) =>
        ({ offer }: Candidate) =>
          offer.capabilities.includes(capability),
    ),
    ({ offer }: Candidate) => (offer.context_length ?? Infinity) >= contextTokens,
    ({ offer }: Candidate) => hasWanted(preferences, [offer.quantization]),
  ];
  return narrowed(candidates, rules);
}

/** Our own requests are what we know best; the list's count of free slots is seconds old, and may count them. */
export function hasRoom({ node, ticket }: Candidate): boolean {
  if (ticket) return ticket.running < Math.max(1, node.slots.total);
  return node.status === "IDLE" && freeSlots(node) > 0;
}

function ownFirst(group: readonly Candidate[], { preferences, account }: RoutingFacts) {
  if (preferences.prefer !== "own") return group;
  const own = group.filter(({ node }) => node.owner === account);
  return own.length > 0 ? own : group;
}

/**
 * All with tickets, and a few of those others whose record does not leave them out: of a node that we have a ticket for
 * we know more ourselves.
 */
function drawn(group: readonly Candidate[], random: Random): Candidate[] {
  const warm = group.filter(({ ticket }) => ticket);
  const reputed = wellReputed(group, ({ node }) => node.reputation, random);
  const cold = reputed.filter(({ ticket }) => !ticket);
  const some: Candidate[] = [];
  while (cold.length > 0 && some.length < drawnMost)
    some.push(...cold.splice(Math.floor(random.fraction() * cold.length), 1));
  return [...warm, ...some];
}

function best(group: readonly Candidate[], facts: RoutingFacts): Candidate | undefined {
  let first: Candidate | undefined;
  let least = Infinity;
  for (const candidate of group) {
    const weight = weightOf(candidate, facts);
    const lastUsedAt = first?.ticket?.lastUsedAt ?? 0;
    // Of two alike the one last used, whose engine may still hold the beginning of the conversation.
    const isLater = weight === least && (candidate.ticket?.lastUsedAt ?? 0) > lastUsedAt;
    if (weight < least || isLater) [first, least] = [candidate, weight];
  }
  return first;
}

function weightOf(candidate: Candidate, facts: RoutingFacts): number {
  const { work, preferences } = facts;
  const ms = expectedMs(facts.outlook(candidate), work);
  return weigh(preferences, ms, costThere(candidate, ms, facts));
}

function costThere({ node, offer }: Candidate, ms: number, { work, account }: RoutingFacts): Micro {
  if (node.owner === account) return 0n;
  const usage = {
    billedMs: Math.ceil(ms),
    promptTokens: work.promptTokens,
    completionTokens: work.answerTokens,
  };
  return costOf(usage, parseRates(offer.price));
}
