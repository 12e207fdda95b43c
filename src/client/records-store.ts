/** Our own records of requests: kept long enough to answer for each line that may still turn up in the history. */
import type { LocalDatabase } from "../host/local-database.ts";
import { limits } from "../protocol/limits.ts";
import type { Figures } from "./line-check.ts";

export interface RequestRecord {
  hold: string;
  k: number;
  node: string;
  model: string;
  /** Coordinator time, ms. */
  started: number;
}

/** How a request ended: with a line and what became of it, or without one. `cost` is in credits, as stated. */
export type RecordEnd =
  | { outcome: "ok" | "differs"; lineHash: string; cost: string; figures: Figures }
  | { outcome: "refused" | "no_line"; figures: Figures };

export interface RecordsStore {
  /** Before the request is sent, so that a killed client still knows of it. */
  begin(record: RequestRecord): void;
  end(hold: string, k: number, end: RecordEnd): void;
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
  `);
  // A number that was refused is used again and takes its record over.
  const insert = sqlite.prepare(
    "insert or replace into request_record (hold, k, node, model, started) values (?, ?, ?, ?, ?)",
  );
  const update = sqlite.prepare(
    `update request_record set outcome = ?, line_hash = ?, cost = ?, billed_ms = ?, prompt_tokens = ?, completion_tokens = ?
     where hold = ? and k = ?`,
  );
  const remove = sqlite.prepare("delete from request_record where hold = ? and k = ?");
  const removeOld = sqlite.prepare("delete from request_record where started < ?");
  const select = sqlite.prepare(
    "select outcome, cost from request_record where hold = ? and k = ?",
  );
  return {
    begin: ({ hold, k, node, model, started }) => void insert.run(hold, k, node, model, started),
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
