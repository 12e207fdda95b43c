/** Tickets at the relay: genuine, in time, and for the node in the path. A signature is checked once per ticket. */
import { boundedMap } from "../base/bounded-map.ts";
import { TroopError } from "../protocol/error-codes.ts";
import {
  checkTicket,
  checkTicketTime,
  type TicketClaims,
  type TicketKeys,
} from "../protocol/ticket.ts";

export interface RelayTickets {
  /** @throws TroopError `missing_ticket`, `invalid_ticket`, `wrong_audience`, `ticket_expired` */
  check(authorization: string | undefined, node: string): Promise<TicketClaims>;
}

export interface RelayTicketsParts {
  /** The coordinator that signs them. Known once its port is, where it is this very process. */
  issuer: () => string;
  /** Its present keys; undefined before they are known. */
  keys: () => TicketKeys | undefined;
  /** Coordinator time, ms. */
  now: () => number;
}

/** About 1 KiB each. */
const keptTickets = 8_192;

export function createRelayTickets({ issuer, keys, now }: RelayTicketsParts): RelayTickets {
  const known = boundedMap<string, TicketClaims>(keptTickets);
  return {
    async check(authorization, node) {
      const [, token] = /^Bearer ([A-Za-z0-9._-]+)$/i.exec(authorization ?? "") ?? [];
      if (!token) throw new TroopError("missing_ticket");
      const seen = known.get(token);
      if (seen) {
        if (seen.aud !== node) throw new TroopError("wrong_audience");
        checkTicketTime(seen, now());
        return seen;
      }
      const present = keys();
      if (!present) throw new TroopError("invalid_ticket");
      const claims = await checkTicket(present, token, { issuer: issuer(), node, now: now() });
      known.set(token, claims);
      return claims;
    },
  };
}
