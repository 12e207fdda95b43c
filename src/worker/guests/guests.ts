/**
 * Who may use this worker. Its owner knows others by pseudonyms only, which differ from node to node; their own requests
 * are known by the ticket's `own`, which only the coordinator can set.
 */
import { boundedMap } from "../../base/bounded-map.ts";
import type { Log } from "../../host/log.ts";
import { type Micro, parseCredits } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Line } from "../../protocol/receipt.ts";
import type { TicketClaims } from "../../protocol/ticket.ts";
import type { GuestsStore } from "./guests-store.ts";
import type { GuestSettings } from "./settings.ts";

export interface Guests {
  /** @throws TroopError `not_allowed` */
  check(claims: Pick<TicketClaims, "own" | "sub">): void;
  served(claims: Pick<TicketClaims, "own" | "sub" | "jti" | "model">, line: Line): void;
  block(requester: string): void;
  /** False where it was not blocked. */
  unblock(requester: string): boolean;
  blocked(): string[];
  /** Keeps the owner's complaint. @returns whose request it was, where that is remembered */
  report(hold: string, reason: string): string | undefined;
}

/** A worker whose owner decided nothing. */
export const openToAll: Pick<Guests, "check" | "served"> = {
  check: () => undefined,
  served: () => undefined,
};

export interface GuestsParts {
  settings: GuestSettings;
  store: GuestsStore;
  /** Pseudonym of whose hold it was, where a request under it was served here and is remembered. */
  requesterOf: (hold: string) => string | undefined;
  /** Coordinator time, ms. */
  now: () => number;
  log: Log;
}

/** Requesters of a day whose sums are at hand. */
const sumsKept = 1_024;
/** More than anybody blocks by hand. */
export const blockedMost = 10_000;
const dayMs = 86_400_000;

export function createGuests({ settings, store, requesterOf, now, log }: GuestsParts): Guests {
  const { lendTo, dailyMost } = settings;
  const blocked = new Set(store.blocked());
  const sums = boundedMap<string, Micro>(sumsKept);
  const today = () => Math.floor(now() / dayMs);

  const spentToday = (requester: string): Micro => {
    const key = `${today()} ${requester}`;
    const sum = sums.get(key) ?? store.spent(requester, today());
    sums.set(key, sum);
    return sum;
  };
  const refuse = (reason: string) => new TroopError("not_allowed", reason);

  return {
    check({ own, sub }) {
      if (own) return;
      if (lendTo !== "all") throw refuse("This node's owner lends it to themselves only.");
      if (blocked.has(sub)) throw refuse("This node's owner does not lend to this account.");
      if (dailyMost !== undefined && spentToday(sub) >= dailyMost)
        throw refuse("This account has used up what this node's owner lends to one in a day.");
    },
    served({ own, sub }, { cost }) {
      if (own || dailyMost === undefined) return;
      try {
        const spent = parseCredits(cost);
        sums.set(`${today()} ${sub}`, spentToday(sub) + spent);
        store.addSpent(sub, today(), spent);
      } catch (error) {
        // The request is settled; what is lost is a part of a cap, should the worker be started again today.
        log.warn({ err: error }, "what a requester spent was not written down");
      }
    },
    block(requester) {
      if (blocked.size >= blockedMost)
        throw new TroopError("invalid_value", "More are blocked than one list may hold.");
      store.block(requester, now());
      blocked.add(requester);
    },
    unblock(requester) {
      blocked.delete(requester);
      return store.unblock(requester);
    },
    blocked: () => store.blocked(),
    report(hold, reason) {
      const requester = requesterOf(hold);
      store.report({ hold, requester: requester ?? null, reason, at: now() });
      return requester;
    },
  };
}
