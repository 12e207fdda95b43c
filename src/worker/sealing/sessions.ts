/**
 * Opens what clients seal. A session is kept with its ticket, so that the key exchange is done once and not for each
 * request; which attempts were opened is kept too, so that none opens twice.
 */
import type { Random } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { formatEncapsulation, type SealedHeaders } from "../../protocol/sealed-stream-header.ts";
import {
  type OpenedExchange,
  type OpenedSession,
  openSealingSession,
} from "../../protocol/sealed-stream-session.ts";
import type { SealingKeys } from "./keys.ts";

export interface Opening {
  exchange: OpenedExchange;
  /**
   * The client has proven that the ticket is its own: what it set up is used again, and what it tries is remembered
   * for as long as the ticket lives.
   * @throws TroopError `busy` where too many tickets live
   */
  keep(): void;
}

export interface Sessions {
  /**
   * @param ticket as it was sent, checked already
   * @param endsAt when it is good no more, coordinator time in ms
   * @throws TroopError `session_unknown` with the present key statement, `seal_broken`
   */
  open(ticket: string, endsAt: number, request: SealedHeaders): Opening;
}

export interface SessionsParts {
  keys: Pick<SealingKeys, "boot" | "opened" | "statement">;
  /** Its thumbprint. */
  node: string;
  random: Random;
  /** Coordinator time, ms. */
  now: () => number;
}

interface TicketSessions {
  endsAt: number;
  attempts: Set<string>;
  /** By encapsulation: a client that was told of a newer key seals anew under the same ticket. */
  sessions: Map<string, OpenedSession>;
}

/** Tickets live for five minutes, and one is proven where credits are held for it: more than any node can serve. */
const ticketsMost = 4_096;
const sessionsPerTicket = 4;
const fullRetryMs = 10_000;

export function createSessions({ keys, node, random, now }: SessionsParts): Sessions {
  const tickets = new Map<string, TicketSessions>();

  // Whose attempts were forgotten could be played again: none is, to make room for another.
  function remember(ticket: string, entry: TicketSessions): void {
    if (tickets.has(ticket)) return;
    if (tickets.size >= ticketsMost)
      for (const [name, { endsAt }] of tickets)
        if (endsAt + limits.clockSkewMs < now()) tickets.delete(name);
    if (tickets.size >= ticketsMost)
      throw new TroopError("busy", "The node knows as many tickets as it can.", {
        retryAfterMs: fullRetryMs,
      });
    tickets.set(ticket, entry);
  }

  const unknown = () => {
    const statement = keys.statement();
    return new TroopError("session_unknown", undefined, {
      ...(statement ? { details: { key_statement: statement } } : {}),
    });
  };

  return {
    open(ticket, endsAt, { encapsulation, k, attempt }) {
      const known = tickets.get(ticket) ?? { endsAt, attempts: new Set(), sessions: new Map() };
      const { attempts, sessions } = known;
      const name = formatEncapsulation(encapsulation);
      // A key that has ended opens nothing any more, whoever once sealed to it.
      const opened = keys.opened();
      if (!opened.has(encapsulation.kid)) throw unknown();
      const session =
        sessions.get(name) ??
        openSealingSession({
          ...{ ticket, node, boot: keys.boot, encapsulation, keys: opened, random, attempts },
        });
      return {
        exchange: session.open({ k, attempt }),
        keep() {
          remember(ticket, known);
          if (sessions.size < sessionsPerTicket) sessions.set(name, session);
        },
      };
    },
  };
}
