/**
 * Opens what clients seal. A session is kept with its ticket, so that the key exchange is done once and not for each
 * request; which attempts were opened is kept too, so that none opens twice.
 */
import { boundedMap } from "../../base/bounded-map.ts";
import type { Random } from "../../base/random.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { formatEncapsulation, type SealedHeaders } from "../../protocol/sealed-stream-header.ts";
import {
  type OpenedExchange,
  type OpenedSession,
  openSealingSession,
} from "../../protocol/sealed-stream-session.ts";
import type { SealingKeys } from "./keys.ts";

export interface Opening {
  exchange: OpenedExchange;
  /** The client has proven that the ticket is its own: what it set up is used again. */
  keep(): void;
}

export interface Sessions {
  /**
   * @param ticket as it was sent, checked already
   * @throws TroopError `session_unknown` with the present key statement, `seal_broken`
   */
  open(ticket: string, request: SealedHeaders): Opening;
}

export interface SessionsParts {
  keys: Pick<SealingKeys, "boot" | "opened" | "statement">;
  /** Its thumbprint. */
  node: string;
  random: Random;
}

interface TicketSessions {
  attempts: Set<string>;
  /** By encapsulation: a client that was told of a newer key seals anew under the same ticket. */
  sessions: Map<string, OpenedSession>;
}

/** As many as there are tickets kept; each may have tried a thousand times at most. */
const ticketsMost = 1_024;
const sessionsPerTicket = 4;

export function createSessions({ keys, node, random }: SessionsParts): Sessions {
  const tickets = boundedMap<string, TicketSessions>(ticketsMost);

  const unknown = () => {
    const statement = keys.statement();
    return new TroopError("session_unknown", undefined, {
      ...(statement ? { details: { key_statement: statement } } : {}),
    });
  };

  return {
    open(ticket, { encapsulation, k, attempt }) {
      const known = tickets.get(ticket) ?? { attempts: new Set(), sessions: new Map() };
      if (!tickets.has(ticket)) tickets.set(ticket, known);
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
          if (sessions.size < sessionsPerTicket) sessions.set(name, session);
        },
      };
    },
  };
}
