/** Authorization: choose a node, reserve the budget, sign the ticket. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { digestOf } from "../../protocol/bytes.ts";
import {
  formatCredits,
  formatMultiplier,
  parseCredits,
  picoToMicroUp,
  type Micro,
} from "../../protocol/credits.ts";
import type { AuthorizeAnswer, AuthorizeRequest } from "../../protocol/endpoints.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { nameUuid } from "../../protocol/ids.ts";
import { limits } from "../../protocol/limits.ts";
import { budgetOf, formatRates, freeRate, type Rate } from "../../protocol/price.ts";
import type { TicketClaims } from "../../protocol/ticket.ts";
import type { Balance } from "../ledger/balance-store.ts";
import type { Hold, NewHold } from "../ledger/hold-store.ts";
import { holdEnd } from "../ledger/holds.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { introduced } from "../registry/peer.ts";
import type { ListedNode, Listing, Registry } from "../registry/registry.ts";
import { chooseNode } from "./choose.ts";
import type { KeyRing } from "./key-ring.ts";
import { rateFor } from "../ledger/tariff.ts";

export interface IssuerOptions {
  ledger: Ledger;
  registry: Registry;
  keyRing: KeyRing;
  clock: Clock;
  random: Random;
  /** Known once the port is. */
  publicUrl: () => string;
}

export type Issuer = ReturnType<typeof createIssuer>;

/** A balance may be spent by another ticket between looking and reserving; then it is looked at again. */
const attempts = 3;
const typicalTokens = 500n;
const retryAfterMs = 5_000;

export function createIssuer(options: IssuerOptions) {
  const { ledger, registry, keyRing, clock, random, publicUrl } = options;

  return {
    /**
     * A ticket for `account`. The same id gives the same hold and an equal ticket.
     * @param prefix of the address that asks, which its starter credits count for
     * @throws TroopError `model_not_found`, `no_nodes_available`, `insufficient_credits`, `faucet_empty`,
     *   `idempotency_mismatch`, `ledger_unavailable`
     */
    async authorize(
      account: string,
      request: AuthorizeRequest,
      prefix?: string,
    ): Promise<AuthorizeAnswer> {
      const holdId = nameUuid("hold", account, request.id);
      const bodyHash = bodyHashOf(request);
      // Asked all at once: what each takes is mostly the way to the database.
      const [existing, listing, funds] = await Promise.all([
        ledger.findHold(holdId, bodyHash),
        registry.list(request.model),
        fund(account, prefix),
      ]);
      if (existing) return answerOf(existing, nodeOfHold(listing, existing));

      const chosen = chooseNode(listing.nodes, request, random);
      if (!chosen) throw await nobodyFor(request, listing);
      let { balance } = funds;
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const terms = { holdId, bodyHash, balance };
        const opened = await open(account, request, terms, listing, chosen);
        if (opened) return answerOf(opened.hold, nodeOfHold(listing, opened.hold), opened.ticket);
        balance = await ledger.balance(account);
      }
      throw await tooPoor(account, funds.grant);
    },
  };

  async function fund(account: string, prefix: string | undefined) {
    const grant = await ledger.grant(account, clock.now(), prefix);
    return { grant, balance: await ledger.balance(account) };
  }

  /** The hold, and its ticket where that is made already; undefined where the balance does not suffice. */
  async function open(
    account: string,
    request: AuthorizeRequest,
    {
      holdId,
      bodyHash,
      balance,
    }: { holdId: string; bodyHash: string; balance: Balance | undefined },
    listing: Listing,
    { lease, snapshot }: ListedNode,
  ): Promise<{ hold: Hold; ticket: string | undefined } | undefined> {
    const isOwn = lease.owner === account;
    const available = balance ? balance.posted - balance.held : 0n;
    const wished = request.max_budget === undefined ? undefined : parseCredits(request.max_budget);
    const budget = isOwn ? 0n : budgetOf(available, lease.multiplier, wished);
    if (budget === undefined) return undefined;
    const now = clock.now();
    // Tickets count in whole seconds.
    const openedAt = now - (now % 1_000);
    const ticketExpiresAt = openedAt + limits.ticketLifeMs;
    const hold: NewHold = {
      id: holdId,
      account,
      payee: lease.owner,
      node: lease.node,
      model: request.model,
      modelDigest: snapshot.models.find(({ name }) => name === request.model)?.digest ?? null,
      amount: budget,
      multiplier: lease.multiplier,
      rate: isOwn ? freeRate : rateFor(listing.tariff, request.model, lease.multiplier),
      anchor: request.anchor,
      maxSeconds: limits.requestSecondsDefault,
      bodyHash,
      openedAt,
      ticketExpiresAt,
      expiresAt: holdEnd(ticketExpiresAt, limits.requestSecondsDefault),
    };
    // Signed while the hold is written. Without its hold the ticket is thrown away, and nobody has seen it.
    const [opened, ticket] = await Promise.all([
      ledger.openHold(hold),
      keyRing.sign(claimsOf(hold)),
    ]);
    if (opened.outcome === "insufficient") return undefined;
    return { hold: opened.hold, ticket: opened.outcome === "opened" ? ticket : undefined };
  }

  async function answerOf(
    hold: Hold,
    { peer, lease, snapshot }: ListedNode,
    signed?: string,
  ): Promise<AuthorizeAnswer> {
    const ticket = signed ?? (await keyRing.sign(claimsOf(hold)));
    return {
      ticket,
      token: ticket,
      node: introduced(peer, lease, snapshot),
      target_ip: lease.hosts[0] ?? null,
      hold: hold.id,
      budget: formatCredits(hold.amount),
      multiplier: formatMultiplier(hold.multiplier),
      rate: formatRates(hold.rate),
      estimated_cost: formatCredits(estimateOf(hold.rate)),
      expires_at: hold.ticketExpiresAt,
    };
  }

  function claimsOf(hold: NewHold): TicketClaims {
    const issued = hold.openedAt / 1_000;
    return {
      iss: publicUrl(),
      aud: hold.node,
      target_node: hold.node,
      sub: keyRing.pseudonym(hold.account, hold.node),
      jti: hold.id,
      iat: issued,
      nbf: issued,
      exp: hold.ticketExpiresAt / 1_000,
      anchor: hold.anchor,
      model: hold.model,
      ...(hold.modelDigest === null ? {} : { model_digest: hold.modelDigest }),
      budget: formatCredits(hold.amount),
      multiplier: formatMultiplier(hold.multiplier),
      rate: formatRates(hold.rate),
      max_seconds: hold.maxSeconds,
      own: hold.account === hold.payee,
    };
  }

  async function nobodyFor({ node }: AuthorizeRequest, { nodes }: Listing): Promise<TroopError> {
    if (node === undefined)
      return nodes.length === 0
        ? new TroopError("model_not_found")
        : new TroopError("no_nodes_available", undefined, { retryAfterMs });
    return (await registry.isListed(node))
      ? new TroopError("model_not_found", "The node does not offer this model.")
      : new TroopError("no_nodes_available", "The node is away.", { retryAfterMs });
  }

  async function tooPoor(account: string, grant: "granted" | "waiting"): Promise<TroopError> {
    if (grant === "granted") return new TroopError("insufficient_credits");
    const now = clock.now();
    const retryAfterMs = (await ledger.starterAt(account, now)) - now;
    return new TroopError("faucet_empty", undefined, { retryAfterMs });
  }
}

/** What an id stands for; the order of the excluded nodes does not matter. */
const bodyHashOf = ({ model, node, exclude, max_budget, anchor }: AuthorizeRequest): string =>
  digestOf(
    JSON.stringify([model, node ?? null, exclude?.toSorted() ?? [], max_budget ?? null, anchor]),
  );

function nodeOfHold({ nodes }: Listing, hold: Hold): ListedNode {
  const listed = nodes.find(({ lease }) => lease.node === hold.node);
  if (!listed) throw new TroopError("no_nodes_available", "The node is away.", { retryAfterMs });
  return listed;
}

/** What 500 prompt and 500 completion tokens cost at most. */
const estimateOf = ({ perPromptToken, perCompletionToken }: Rate): Micro =>
  picoToMicroUp(typicalTokens * (perPromptToken + perCompletionToken));
