/**
 * The worker's memory of what it admitted. A row is there before the engine hears of the request, and its line
 * is there, with the outbox's, before the client sees it: whenever the process is killed, the next one knows
 * which numbers were used, what was spent, and which requests it must account for.
 */
import { boundedMap } from "../base/bounded-map.ts";
import type { LocalDatabase } from "../host/local-database.ts";
import { formatCredits, type Micro, parseCredits } from "../protocol/credits.ts";
import type { Line } from "../protocol/receipt.ts";
import type { RevealedSecret } from "../protocol/secrets.ts";
import { createJournalStore } from "./journal-store.ts";

/** What the journal knows of one hold. */
export interface HoldHistory {
  used: number[];
  spent: Micro;
  /** Requests that were ended early and cost nothing for that reason. */
  freeAborts: number;
}

export interface Journal {
  /**
   * @param started coordinator time, ms
   * @param ends when the ticket ends, coordinator time in ms: soon after, its hold can be closed
   */
  begin(hold: string, secret: RevealedSecret, started: number, ends?: number): void;
  /** Keeps the line and hands it to the outbox, both or neither. */
  settle(hold: string, line: Line, isFree: boolean): void;
  historyOf(hold: string): HoldHistory;
  /** Accounts for requests that a former process left open: nothing is charged. Returns how many. */
  recover(): number;
  /** Holds whose ticket ended at `endedBy` or before, under which nothing runs, and which are not closed yet. */
  findEnded(endedBy: number, most: number): { hold: string; numbers: number[] }[];
  /** The coordinator knows that the hold is done with. */
  forgetEnd(hold: string): void;
  /** Forgets what started before `time` (coordinator time, ms). */
  prune(time: number): number;
}

export interface JournalParts {
  database: LocalDatabase;
  outbox: { add(hold: string, line: Line): void };
}

/** Holds whose end is known to be on disk: one write a ticket, not one a request. */
const notedHolds = 1_024;

export function createJournal({ database, outbox }: JournalParts): Journal {
  const store = createJournalStore(database);
  const noted = boundedMap<string, true>(notedHolds);
  const settle = (hold: string, line: Line, isFree: boolean) =>
    database.transaction(() => {
      store.settle(hold, line.k, line.cost, isFree);
      outbox.add(hold, line);
    });
  return {
    begin(hold, secret, started, ends) {
      if (ends !== undefined && !noted.has(hold)) {
        store.insertEnd(hold, ends);
        noted.set(hold, true);
      }
      store.insert({ hold, k: secret.k, secret: JSON.stringify(secret), started });
    },
    settle,
    historyOf(hold) {
      const rows = store.rowsOf(hold);
      return {
        used: rows.map(({ k }) => k),
        spent: rows.reduce((sum, { cost }) => sum + (cost ? parseCredits(cost) : 0n), 0n),
        freeAborts: rows.filter(({ isFree }) => isFree).length,
      };
    },
    recover() {
      const rows = store.unsettled();
      for (const { hold, secret, started } of rows)
        settle(hold, lostLine(JSON.parse(secret) as RevealedSecret, started), false);
      return rows.length;
    },
    findEnded: (endedBy, most) =>
      store
        .endedBy(endedBy, most)
        .map((hold) => ({ hold, numbers: store.rowsOf(hold).map(({ k }) => k) })),
    forgetEnd: (hold) => store.removeEnd(hold),
    prune: (time) => store.prune(time),
  };
}

/** Nobody knows what a killed process had produced, so it is worth nothing. */
const lostLine = (secret: RevealedSecret, started: number): Line => ({
  ...secret,
  started,
  ended: started,
  billed_ms: 0,
  first_token_ms: null,
  prompt_tokens: 0,
  completion_tokens: 0,
  estimated: false,
  finish: "worker_error",
  cost: formatCredits(0n),
  // What went over the wire is known to nobody any more.
  request_hash: null,
  response_hash: null,
});
