/** What is used and spent of each hold: rebuilt from the journal when a hold is first seen, kept while it is in use. */
import { boundedMap } from "../base/bounded-map.ts";
import type { Micro } from "../protocol/credits.ts";
import type { Journal } from "./journal.ts";

/** A request under way, as its hold sees it. */
export interface RunningRequest {
  /** What it has used so far. */
  costNow(): Micro;
  /** The ticket's budget is reached. */
  endForBudget(): void;
}

export interface HoldAccount {
  readonly hold: string;
  /** Tests and sets number `k` in one step; false where it was used before. */
  take(k: number): boolean;
  /** A refused number may be used again. */
  giveBack(k: number): void;
  isSpent(budget: Micro): boolean;
  /** What of `budget` is neither spent nor used by what runs. */
  left(budget: Micro): Micro;
  readonly freeAborts: number;
  start(request: RunningRequest): void;
  finish(request: RunningRequest, cost: Micro, isFree: boolean): void;
  /** Takes a request off that was never settled; one that is finished, or never started, stays as it is. */
  abandon(request: RunningRequest): void;
  /** Ends everything that runs under the hold. */
  endForBudget(): void;
  /** Each `open` is paired with one. */
  close(): void;
}

export interface HoldAccounts {
  open(hold: string): HoldAccount;
  /** True while somebody has the hold open, be it that its request has not reached the journal yet. */
  isOpen(hold: string): boolean;
  /** Holds with a request under way. */
  running(): string[];
}

/** Accounts that nobody uses at the moment but may soon again: a look into the journal costs more than keeping one. */
const keptAccounts = 1_024;

interface Entry {
  users: number;
  account: HoldAccount;
  running: ReadonlySet<RunningRequest>;
}

export function createHoldAccounts(journal: Pick<Journal, "historyOf">): HoldAccounts {
  const inUse = new Map<string, Entry>();
  const idle = boundedMap<string, Entry>(keptAccounts);

  function load(hold: string): Entry {
    const history = journal.historyOf(hold);
    const used = new Set(history.used);
    const running = new Set<RunningRequest>();
    let { spent, freeAborts } = history;
    const left = (budget: Micro): Micro => {
      let sum = spent;
      for (const request of running) sum += request.costNow();
      return sum < budget ? budget - sum : 0n;
    };
    const entry: Entry = {
      users: 0,
      running,
      account: {
        hold,
        take: (k) => !used.has(k) && Boolean(used.add(k)),
        giveBack: (k) => void used.delete(k),
        isSpent: (budget) => left(budget) === 0n,
        left,
        get freeAborts() {
          return freeAborts;
        },
        start: (request) => void running.add(request),
        finish(request, cost, isFree) {
          running.delete(request);
          spent += cost;
          if (isFree) freeAborts += 1;
        },
        abandon: (request) => void running.delete(request),
        endForBudget() {
          for (const request of [...running]) request.endForBudget();
        },
        close() {
          entry.users -= 1;
          if (entry.users > 0) return;
          inUse.delete(hold);
          idle.set(hold, entry);
        },
      },
    };
    return entry;
  }

  return {
    open(hold) {
      const entry = inUse.get(hold) ?? idle.get(hold) ?? load(hold);
      idle.delete(hold);
      inUse.set(hold, entry);
      entry.users += 1;
      return entry.account;
    },
    isOpen: (hold) => inUse.has(hold),
    running: () => [...inUse].flatMap(([hold, { running }]) => (running.size > 0 ? [hold] : [])),
  };
}
