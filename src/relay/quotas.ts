/**
 * What may pass a relay: streams at once, of all and of one ticket, and streams and bytes per ticket, and per pseudonym
 * and source prefix within a day (UTC). Counted in the memory of one relay: one that starts again counts anew, and two
 * relays do not know of each other.
 */
import { boundedMap, type BoundedMap } from "../base/bounded-map.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";

export interface QuotaLimits {
  /** Streams at once, of all nodes. */
  streams: number;
  /** Bytes that one source prefix may send and receive within a day. */
  prefixBytes: number;
}

export interface StreamClaims {
  /** Id of the hold. */
  ticket: string;
  /** When the ticket ends, ms. */
  ticketEndsAt: number;
  pseudonym: string;
  /** Undefined for sources that are not of the world. */
  prefix: string | undefined;
}

export interface StreamUse {
  /** Counts bytes, either way. False where the ticket may send no more: the stream is to be cut. */
  take(bytes: number): boolean;
  end(): void;
}

export interface Quotas {
  /** Streams under way. */
  readonly open: number;
  /** Streams that began and bytes that passed, since the start. */
  readonly passed: Readonly<Record<"streams" | "bytes", number>>;
  /** @throws TroopError `rate_limit_exceeded`, `busy` */
  begin(claims: StreamClaims): StreamUse;
}

interface Count {
  day: number;
  streams: number;
  /** Of these, those under way. */
  open: number;
  bytes: number;
}

const dayMs = 86_400_000;
const busyMs = 1_000;
/** More parties than a relay sees in a day; the one that was quiet for longest is forgotten first. */
const keptParties = 50_000;

/** @param now ms UTC */
export function createQuotas(allowed: QuotaLimits, now: () => number): Quotas {
  const tickets = boundedMap<string, Count>(keptParties);
  const pseudonyms = boundedMap<string, Count>(keptParties);
  const prefixes = boundedMap<string, Count>(keptParties);
  let open = 0;
  const passed = { streams: 0, bytes: 0 };

  return {
    get open() {
      return open;
    },
    passed,
    begin({ ticket, ticketEndsAt, pseudonym, prefix }) {
      const at = now();
      if (open >= allowed.streams)
        throw new TroopError("busy", "The relay carries as many streams as it can.", {
          retryAfterMs: busyMs,
        });
      const untilTomorrow = dayMs - (at % dayMs);
      // A ticket is counted as a whole, also where it lives past midnight.
      const ofTicket = countOf(tickets, ticket, 0);
      const ofPseudonym = countOf(pseudonyms, pseudonym, Math.floor(at / dayMs));
      const ofPrefix =
        prefix === undefined ? undefined : countOf(prefixes, prefix, Math.floor(at / dayMs));
      if (ofTicket.streams >= limits.attemptsPerTicket || ofTicket.bytes >= limits.relayTicketBytes)
        throw tooMuch("ticket", Math.max(0, ticketEndsAt - at));
      if (ofTicket.open >= limits.relayStreamsPerTicket)
        throw new TroopError("busy", "The ticket has as many streams as it may have at once.", {
          retryAfterMs: busyMs,
        });
      if (
        ofPseudonym.streams >= limits.relayPseudonymStreams ||
        ofPseudonym.bytes >= limits.relayPseudonymBytes
      )
        throw tooMuch("account at this node", untilTomorrow);
      if (
        ofPrefix &&
        (ofPrefix.streams >= limits.relayPrefixStreams || ofPrefix.bytes >= allowed.prefixBytes)
      )
        throw tooMuch("network", untilTomorrow);

      const counts = [ofTicket, ofPseudonym, ...(ofPrefix ? [ofPrefix] : [])];
      for (const count of counts) count.streams += 1;
      ofTicket.open += 1;
      open += 1;
      passed.streams += 1;
      let isOpen = true;
      return {
        take(bytes) {
          for (const count of counts) count.bytes += bytes;
          passed.bytes += bytes;
          return ofTicket.bytes <= limits.relayTicketBytes;
        },
        end() {
          if (!isOpen) return;
          isOpen = false;
          ofTicket.open -= 1;
          open -= 1;
        },
      };
    },
  };
}

function countOf(map: BoundedMap<string, Count>, key: string, day: number): Count {
  const kept = map.get(key);
  const count = kept?.day === day ? kept : { day, streams: 0, open: 0, bytes: 0 };
  map.set(key, count);
  return count;
}

const tooMuch = (whose: string, retryAfterMs: number) =>
  new TroopError(
    "rate_limit_exceeded",
    `This ${whose} has used up what the relay carries for it.`,
    { retryAfterMs },
  );
