/** Verified tickets, kept: a signature is checked once per ticket, its time and the revocations on every request. */
import { boundedMap } from "../../base/bounded-map.ts";
import { type Micro, parseCredits } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { parseRates, type Rate } from "../../protocol/price.ts";
import {
  checkTicket,
  checkTicketTime,
  type TicketClaims,
  type TicketKeys,
} from "../../protocol/ticket.ts";

export interface Ticket {
  claims: TicketClaims;
  budget: Micro;
  rate: Rate;
}

export interface Tickets {
  /** @throws TroopError `invalid_ticket`, `wrong_audience`, `ticket_expired`, `ticket_revoked` */
  check(token: string): Promise<Ticket>;
  /** The coordinator's keys changed: what an old one signed is checked again. */
  useKeys(keys: TicketKeys): void;
  /** Hold ids of the last heartbeat's answer. */
  revoke(holds: readonly string[]): void;
}

export interface TicketsParts {
  issuer: string;
  node: string;
  /** Coordinator time, ms. */
  now: () => number;
}

/** About 3 KiB each. */
const keptTickets = 1_024;

export function createTickets({ issuer, node, now }: TicketsParts): Tickets {
  const known = boundedMap<string, Ticket>(keptTickets);
  let keys: TicketKeys | undefined;
  let revoked: ReadonlySet<string> = new Set();

  async function verify(token: string): Promise<Ticket> {
    // Without keys nothing verifies. Asking for them here would make every forged ticket a call home.
    if (!keys) throw new TroopError("invalid_ticket");
    const verifiedWith = keys;
    const claims = await checkTicket(keys, token, { issuer, node, now: now() });
    const { budget, rate } = claims;
    const ticket = { claims, budget: parseCredits(budget), rate: parseRates(rate) };
    if (verifiedWith === keys) known.set(token, ticket);
    return ticket;
  }

  return {
    async check(token) {
      const ticket = known.get(token) ?? (await verify(token));
      checkTicketTime(ticket.claims, now());
      if (revoked.has(ticket.claims.jti)) throw new TroopError("ticket_revoked");
      return ticket;
    },
    useKeys(next) {
      keys = next;
      for (const [token] of [...known.entries()]) known.delete(token);
    },
    revoke(holds) {
      revoked = new Set(holds);
    },
  };
}
