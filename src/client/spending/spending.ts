/**
 * Keeps to the caps: a request is let through when what was spent in a window, what is set aside for those that run
 * and what is set aside for this one stay within each cap. What an answer costs beyond what was set aside comes on
 * top: nothing, where `max_tokens` was stated; else what lies beyond the usual length, of those that run, of which
 * there are never more than fit.
 */
import type { Clock } from "../../base/clock.ts";
import { type Micro, picoToMicroUp } from "../../protocol/credits.ts";
import { limits } from "../../protocol/limits.ts";
import type { Rate } from "../../protocol/price.ts";
import type { TicketUse } from "../tickets/tickets.ts";
import { type Caps, firstMinute, fits, roomFor, type Window, windows } from "./caps.ts";
import { mostFor, reserveFor, type Size } from "./estimate.ts";
import type { KeysStore } from "./keys-store.ts";
import { capReached } from "./refusal.ts";
import type { Purchase, SpendingStore } from "./spending-store.ts";
import { readSpending, type SpendingStatus } from "./status.ts";

/** What is about to be asked, and of whom. */
export interface SpendingWish {
  /** Name of the key that it came with, if it has one. */
  application: string | undefined;
  model: string;
  size: Size;
  /** Of the node; undefined where nobody has told it yet. */
  rate: Rate | undefined;
}

/** Room for one request. Ends by `begin`, or is given back. */
export interface Allowance extends Disposable {
  /**
   * The ticket is there: from now on it is on the books, whatever becomes of this process.
   * @returns the same use, whose ending is put down
   * @throws TroopError `spending_cap` where the ticket's price is more than there is room for; the number is free again
   */
  begin(use: TicketUse): TicketUse;
}

export interface Spending {
  /** @throws TroopError `spending_cap` */
  allow(wish: SpendingWish): Allowance;
  /** What a request cost, told by the account's history. */
  learned(hold: string, k: number, cost: Micro): void;
  status(): SpendingStatus;
  /** Drops what counts no more. */
  prune(): void;
}

export interface SpendingParts {
  store: SpendingStore;
  keys: Pick<KeysStore, "find" | "all">;
  /** Of all applications together. */
  caps: Caps;
  clock: Pick<Clock, "now">;
}

/** Nobody knows the price yet: it is something, so that a cap that is reached refuses. */
const leastPrice: Micro = 1n;

/** Called before the first request of this process. */
export function createSpending({ store, keys, caps, clock }: SpendingParts): Spending {
  /** What is set aside for requests that wait for their ticket. */
  const waiting = new Set<{ application: string; micro: Micro }>();
  store.settleLost(clock.now(), limits.acknowledgedMsGrace);

  const waitingOf = (application: string | undefined): Micro =>
    [...waiting]
      .filter((one) => application === undefined || one.application === application)
      .reduce((sum, { micro }) => sum + micro, 0n);

  function checkCap(
    cap: Micro | undefined,
    window: Window,
    amount: Micro,
    application?: string,
  ): void {
    if (cap === undefined) return;
    const now = clock.now();
    const first = firstMinute(now, window);
    const asked = waitingOf(application);
    const running = store.running(application) + asked;
    const all = store.spent(first, application) + running;
    if (fits(cap, all, amount)) return;
    const minutes = store.minutes(first, application);
    const room = roomFor(amount, cap, { all, running }, minutes, window, now);
    throw capReached({ cap, window, application, amount, all, running, room });
  }

  function check(application: string, amount: Micro): void {
    const own = application === "" ? undefined : keys.find(application)?.caps;
    for (const window of windows) {
      checkCap(caps[window], window, amount);
      checkCap(own?.[window], window, amount, application);
    }
  }

  const watch = (use: TicketUse, purchase: Purchase): TicketUse => ({
    ...use,
    refused() {
      use.refused();
      store.forget(purchase.hold, purchase.k);
    },
    finished(cost) {
      use.finished(cost);
      store.finish(purchase, cost);
    },
  });

  return {
    allow({ application = "", model, size, rate }) {
      const micro = rate ? reserveFor(size, rate) : leastPrice;
      check(application, micro);
      const place = { application, micro };
      waiting.add(place);
      return {
        begin(use) {
          const { ticket, secret } = use;
          waiting.delete(place);
          const reserve = reserveFor(size, ticket.rate);
          try {
            if (reserve > micro) check(application, reserve);
          } catch (error) {
            use.refused();
            throw error;
          }
          const purchase = {
            ...{ hold: ticket.hold, k: secret.k, application, model, at: clock.now(), reserve },
            most: mostFor(size, ticket.rate, ticket.budget - ticket.spent),
            perSecond: picoToMicroUp(ticket.rate.perSecond),
          };
          store.begin(purchase);
          return watch(use, purchase);
        },
        [Symbol.dispose]: () => void waiting.delete(place),
      };
    },
    learned: (hold, k, cost) => store.correct(hold, k, cost),
    status: () => readSpending({ store, keys: keys.all(), caps, now: clock.now() }),
    prune: () => store.prune(firstMinute(clock.now(), "daily")),
  };
}
