/** Rows of what was served, for the owner's eyes: what each request was, and what the coordinator said of its receipt. */
import type { LocalDatabase } from "../../host/local-database.ts";
import type { Finish, LineOutcome } from "../../protocol/receipt.ts";

/** `waiting`: the coordinator has not answered for it. `refused`: it did not take the receipt at all. */
export type ReceiptState = LineOutcome | "refused";

export interface JobRow {
  hold: string;
  k: number;
  /** Pseudonym of the requester at this node. */
  requester: string;
  own: boolean;
  model: string;
  finish: Finish;
  /** Coordinator time, ms. */
  ended: number;
  billed_ms: number;
  prompt_tokens: number;
  completion_tokens: number;
  /** Credits as text: what the line says. */
  cost: string;
  receipt: ReceiptState;
  /** Credits as text: what the receipt moved when it was answered; null before. */
  paid: string | null;
}

/** Before its receipt is answered for. */
export type NewJob = Omit<JobRow, "receipt" | "paid">;

export interface Answer {
  k: number;
  receipt: ReceiptState;
  /** Credits as text; null: what the line says. */
  paid: string | null;
}

export interface JobsStore {
  /** All of them, or none. */
  insert(jobs: readonly NewJob[]): void;
  /** Of requests under one hold. */
  answer(hold: string, answers: readonly Answer[]): void;
  /** Of all under a hold that are not answered for: none of them is worth anything. */
  refuse(hold: string): void;
  /** Those that ended last come first. */
  last(most: number): JobRow[];
  /** That ended at `time` or later. */
  since(time: number): Pick<JobRow, "own" | "cost" | "receipt" | "paid">[];
  /** Pseudonym, where a request under the hold is kept. */
  requesterOf(hold: string): string | undefined;
  forgetBefore(time: number): void;
}

type Stored = Omit<JobRow, "own"> & { own: number };

export function createJobsStore({ sqlite, transaction }: LocalDatabase): JobsStore {
  sqlite.exec(`
    create table if not exists job (
      hold text not null, k integer not null, requester text not null, own integer not null,
      model text not null, finish text not null, ended integer not null, billed_ms integer not null,
      prompt_tokens integer not null, completion_tokens integer not null, cost text not null,
      receipt text not null default 'waiting', paid text, primary key (hold, k)
    ) strict, without rowid;
    create index if not exists job_ended on job (ended);
  `);
  const insert = sqlite.prepare(
    `insert into job (hold, k, requester, own, model, finish, ended, billed_ms, prompt_tokens, completion_tokens, cost)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
  );
  const answerOne = sqlite.prepare(
    "update job set receipt = ?, paid = coalesce(?, cost) where hold = ? and k = ?",
  );
  const refuseAll = sqlite.prepare(
    "update job set receipt = 'refused', paid = '0.000000' where hold = ? and receipt = 'waiting'",
  );
  const last = sqlite.prepare(
    `select hold, k, requester, own, model, finish, ended, billed_ms, prompt_tokens, completion_tokens, cost, receipt, paid
     from job order by ended desc, hold, k desc limit ?`,
  );
  const since = sqlite.prepare("select own, cost, receipt, paid from job where ended >= ?");
  const requester = sqlite.prepare("select requester from job where hold = ? limit 1");
  const forget = sqlite.prepare("delete from job where ended < ?");
  return {
    insert: (jobs) =>
      transaction(() => {
        for (const job of jobs)
          insert.run(
            ...[job.hold, job.k, job.requester, job.own ? 1 : 0, job.model, job.finish, job.ended],
            ...[job.billed_ms, job.prompt_tokens, job.completion_tokens, job.cost],
          );
      }),
    answer: (hold, answers) =>
      transaction(() => {
        for (const { k, receipt, paid } of answers) answerOne.run(receipt, paid, hold, k);
      }),
    refuse: (hold) => void refuseAll.run(hold),
    last: (most) =>
      (last.all(most) as unknown as Stored[]).map((row) => ({ ...row, own: row.own === 1 })),
    since: (time) =>
      (since.all(time) as unknown as Pick<Stored, "own" | "cost" | "receipt" | "paid">[]).map(
        (row) => ({ ...row, own: row.own === 1 }),
      ),
    requesterOf: (hold) => (requester.get(hold) as { requester: string } | undefined)?.requester,
    forgetBefore: (time) => void forget.run(time),
  };
}
