/** What this worker did and what it got for it, kept beside its journal for the owner to look at. */
import type { Log } from "../../host/log.ts";
import { formatCredits, type Micro, parseCredits } from "../../protocol/credits.ts";
import { limits } from "../../protocol/limits.ts";
import type { Line, LineOutcome, StatementOutcome } from "../../protocol/receipt.ts";
import type { TicketClaims } from "../../protocol/ticket.ts";
import type { JobRow, JobsStore, NewJob } from "./jobs-store.ts";

/** Credits of one UTC day, as text, by what became of the receipts. */
export interface DayOfJobs {
  /** Its beginning, ms UTC. */
  since: number;
  requests: number;
  /** What receipts moved, and how much of it was still vesting when they were answered. */
  earned: string;
  vesting: string;
  /** What lines say that the coordinator has not answered for. */
  waiting: string;
}

/** Disposing writes what waits. */
export interface Jobs extends Disposable {
  served(claims: Pick<TicketClaims, "own" | "sub" | "jti" | "model">, line: Line): void;
  /** The coordinator's final answer to a statement about a hold. */
  answered(hold: string, outcome: StatementOutcome): void;
  /** Newest first. */
  last(most: number): JobRow[];
  today(): DayOfJobs;
  /** Pseudonym of whose hold it was, where a request under it is remembered. */
  requesterOf(hold: string): string | undefined;
}

export interface JobsParts {
  store: JobsStore;
  /** Coordinator time, ms. */
  now: () => number;
  log: Log;
}

const dayMs = 86_400_000;
/**
 * Written in one transaction, when so many wait, a receipt is answered or somebody looks: one transaction more for each
 * request would be felt. What a killed worker had not written is missing here and nowhere else.
 */
const waitingMost = 32;
const nothing = formatCredits(0n);
/** A coordinator need not say how much: these are paid as the line says. */
const isWhole = (outcome: LineOutcome): boolean => outcome === "settled" || outcome === "vesting";

export function createJobs({ store, now, log }: JobsParts): Jobs {
  const today = () => Math.floor(now() / dayMs);
  let prunedOn: number | undefined;
  let waiting: NewJob[] = [];

  /** It is for looking at: what cannot be kept must not break what it is about. */
  function keep(write: () => void) {
    try {
      write();
    } catch (error) {
      log.warn({ err: error }, "a job was not written down");
    }
  }

  function write() {
    const jobs = waiting;
    // Where it fails they are gone: a disk that stays full must not make a list that grows.
    waiting = [];
    if (jobs.length > 0) store.insert(jobs);
    if (prunedOn === today()) return;
    prunedOn = today();
    store.forgetBefore(now() - limits.recordAgeMs);
  }

  return {
    served: ({ jti: hold, sub: requester, own, model }, line) =>
      keep(() => {
        const { k, finish, ended, billed_ms, prompt_tokens, completion_tokens, cost } = line;
        waiting.push({
          ...{ hold, k, requester, own, model, finish, ended, billed_ms, cost },
          ...{ prompt_tokens, completion_tokens },
        });
        if (waiting.length >= waitingMost) write();
      }),
    answered: (hold, outcome) =>
      keep(() => {
        write();
        if (outcome.status === "refused") return store.refuse(hold);
        const answers = outcome.lines.map(({ k, outcome: receipt, paid }) => ({
          ...{ k, receipt, paid: paid ?? (isWhole(receipt) ? null : nothing) },
        }));
        store.answer(hold, answers);
      }),
    last(most) {
      keep(write);
      return store.last(most);
    },
    requesterOf(hold) {
      keep(write);
      return store.requesterOf(hold);
    },
    [Symbol.dispose]: () => keep(write),
    today() {
      keep(write);
      const since = today() * dayMs;
      const rows = store.since(since);
      const answered = rows.filter(({ paid }) => paid !== null);
      const sum = (amounts: (string | null)[]): string =>
        formatCredits(
          amounts.reduce<Micro>((total, text) => total + parseCredits(text ?? nothing), 0n),
        );
      return {
        ...{ since, requests: rows.length, earned: sum(answered.map(({ paid }) => paid)) },
        vesting: sum(
          answered.filter(({ receipt }) => receipt === "vesting").map(({ paid }) => paid),
        ),
        waiting: sum(rows.filter(({ paid }) => paid === null).map(({ cost }) => cost)),
      };
    },
  };
}
