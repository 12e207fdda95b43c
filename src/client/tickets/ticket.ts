/** A ticket in the client's hands: its unused numbers, what was spent under it, and when the next one is due. Pure. */
import type { Micro } from "../../protocol/credits.ts";
import type { AuthorizeAnswer, AuthorizeRequest } from "../../protocol/endpoints.ts";
import { limits } from "../../protocol/limits.ts";
import type { Peer } from "../../protocol/node.ts";
import { type Rate, parseRates } from "../../protocol/price.ts";
import { parseCredits } from "../../protocol/credits.ts";
import type { RevealedSecret, SecretTree } from "../../protocol/secrets.ts";
import type { Sealing } from "../sealing/sealings.ts";

/** A ticket this near its end is renewed if it is in use: time enough for a slow coordinator and its retries. */
const renewalLeadMs = 60_000;
/** In use means: a request began within this long before its end. */
const recentUseMs = 120_000;
/** A request must reach the node while the ticket is valid there, on a clock that may differ a little. */
const arrivalMs = 5_000;

export interface Ticket {
  readonly token: string;
  readonly hold: string;
  /** The words that it was got with. */
  readonly asked: AuthorizeRequest;
  /** Replaced where it turned out to be elsewhere; the same node always. */
  node: Peer;
  readonly model: string;
  readonly rate: Rate;
  /** 0 at the account's own node, where nothing is charged. */
  readonly budget: Micro;
  /** Coordinator time, ms. */
  readonly expiresAt: number;
  /** Made from a seed that is in memory only: after a restart no old ticket can be spent. */
  readonly secrets: SecretTree;
  /** Replaced where the node tells of a newer key. */
  sealing: Sealing;
  /** Highest number taken so far. */
  lastNumber: number;
  /** Numbers that were refused before anything was admitted; they are used first. */
  returned: number[];
  running: number;
  spent: Micro;
  /** Coordinator time of the last request's start; 0 before the first. */
  lastUsedAt: number;
  /** Tokens by which lines may still exceed what was seen of them. */
  tokensGrace: number;
}

export const openTicket = (
  answer: AuthorizeAnswer,
  asked: AuthorizeRequest,
  secrets: SecretTree,
  sealing: Sealing,
): Ticket => ({
  token: answer.ticket,
  hold: answer.hold,
  asked,
  node: answer.node,
  model: asked.model,
  rate: parseRates(answer.rate),
  budget: parseCredits(answer.budget),
  expiresAt: answer.expires_at,
  secrets,
  sealing,
  lastNumber: 0,
  returned: [],
  running: 0,
  spent: 0n,
  lastUsedAt: 0,
  tokensGrace: limits.acknowledgedTokensGrace,
});

const hasNumbers = (ticket: Ticket) =>
  ticket.returned.length > 0 || ticket.lastNumber < limits.secretsPerTicket;
const hasBudget = (ticket: Ticket) => ticket.budget === 0n || ticket.spent < ticket.budget;

/** @param now coordinator time, ms */
export const isUsable = (ticket: Ticket, now: number): boolean =>
  now < ticket.expiresAt - arrivalMs && hasNumbers(ticket) && hasBudget(ticket);

/**
 * True where the next ticket should be fetched, so that no request has to wait for it: this one nears its end
 * and is in use, or three quarters of its numbers or budget are gone.
 * @param now coordinator time, ms
 */
export function isDueForRenewal(ticket: Ticket, now: number): boolean {
  if (ticket.lastNumber * 4 >= limits.secretsPerTicket * 3) return true;
  if (ticket.budget > 0n && ticket.spent * 4n >= ticket.budget * 3n) return true;
  const nearsItsEnd = now >= renewalCheckAt(ticket);
  return nearsItsEnd && ticket.lastUsedAt >= ticket.expiresAt - recentUseMs;
}

/** When to look again whether an idle ticket is due, coordinator time in ms. */
export const renewalCheckAt = (ticket: Ticket): number => ticket.expiresAt - renewalLeadMs;

/**
 * Takes a number for one request.
 * @param now coordinator time, ms
 */
export function takeSecret(ticket: Ticket, now: number): RevealedSecret {
  const k = ticket.returned.pop() ?? (ticket.lastNumber += 1);
  ticket.running += 1;
  ticket.lastUsedAt = now;
  return ticket.secrets.reveal(k);
}
