/** Our own records of requests: kept long enough to answer for each line that may still turn up in the history. */
import type { LocalDatabase } from "../../host/local-database.ts";
import { limits } from "../../protocol/limits.ts";
import type { AcknowledgedLine } from "../../protocol/receipt.ts";
import type { Figures } from "./line-check.ts";
import type { OpenRecord } from "./reconcile-rules.ts";

export interface RequestRecord {
  hold: string;
  k: number;
  node: string;
  model: string;
  /** Coordinator time, ms. */
  started: number;
  /** UTF-8 bytes of its body: the most that its prompt can count. */
  sentBytes: number;
}

/** How a request ended: with a line and what became of it, or without one. `cost` is in credits, as stated. */
export type RecordEnd =
  | { outcome: "ok" | "differs"; lineHash: string; cost: string; figures: Figures }
  | { outcome: "refused" | "no_line" | "gone"; figures: Figures };

export interface RecordsStore {
  /** Before the request is sent, so that a killed client still knows of it. */
  begin(record: RequestRecord): void;
  end(hold: string, k: number, end: RecordEnd): void;
  /** What a former process left running has no line, and never will have one here. */
  markLost(): void;
  /** Requests whose line did not arrive, oldest first. */
  open(most: number): OpenRecord[];
  /** The history told what became of an open one: `over`, or the verdict that is stated now. */
  conclude(hold: string, k: number, outcome: "over" | AcknowledgedLine["verdict"]): void;
  /** Nothing was admitted: there is nothing to remember. */
  forget(hold: string, k: number): void;
  /** Drops what is too old to matter. @param now coordinator time, ms */
  expire(now: number): void;
  /** What is known of a request, its outcome null while it runs. For tests and `troop status`. */
  find(hold: string, k: number): { outcome: string | null; cost: string | null } | undefined;
}

export function createRecordsStore({ sqlite }: LocalDatabase): RecordsStore {
  sqlite.exec(`
    create table if not exists request_record (
      hold text not null, k integer not null, node text not null, model text not null, started integer not null,
      outcome text, line_hash text, cost text, billed_ms integer, prompt_tokens integer, completion_tokens integer,
      primary key (hold, k)
    ) strict, without rowid;
    create index if not exists request_record_started on request_record (started);
    create index if not exists request_record_open on request_record (started)
      where outcome in ('no_line', 'gone', 'lost');
  `);
  // A number that was refused is used again and takes its record over.
  const insert = sqlite.prepare(
    `insert or replace into request_record (hold, k, node, model, started, prompt_tokens)
     values (?, ?, ?, ?, ?, ?)`,
  );
  const update = sqlite.prepare(
    `update request_record set outcome = ?, line_hash = ?, cost = ?, billed_ms = ?, prompt_tokens = ?, completion_tokens = ?
     where hold = ? and k = ?`,
  );
  const remove = sqlite.prepare("delete from request_record where hold = ? and k = ?");
  const removeOld = sqlite.prepare("delete from request_record where started < ?");
  const markLost = sqlite.prepare(
    "update request_record set outcome = 'lost' where outcome is null",
  );
  const open = sqlite.prepare(
    `select hold, k, started, outcome, billed_ms as billedMs, prompt_tokens as promptTokens,
       completion_tokens as completionTokens
     from request_record where outcome in ('no_line', 'gone', 'lost') order by started limit ?`,
  );
  const conclude = sqlite.prepare("update request_record set outcome = ? where hold = ? and k = ?");
  const select = sqlite.prepare(
    "select outcome, cost from request_record where hold = ? and k = ?",
  );
  return {
    begin: ({ hold, k, node, model, started, sentBytes }) =>
      void insert.run(hold, k, node, model, started, sentBytes),
    markLost: () => void markLost.run(),
    open: (most) => open.all(most) as unknown as OpenRecord[],
    conclude: (hold, k, outcome) => void conclude.run(outcome, hold, k),
    end(hold, k, end) {
      const { figures } = end;
      const seen = "cost" in end ? [end.lineHash, end.cost] : [null, null];
      update.run(
        end.outcome,
        ...seen,
        figures.billed_ms,
        figures.prompt_tokens,
        figures.completion_tokens,
        hold,
        k,
      );
    },
    forget: (hold, k) => void remove.run(hold, k),
    expire: (now) => void removeOld.run(now - limits.recordAgeMs),
    find: (hold, k) =>
      select.get(hold, k) as { outcome: string | null; cost: string | null } | undefined,
  };
}
