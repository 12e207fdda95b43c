/**
 * Statements that are appended to a file first and run later, many in one transaction: one small write each instead
 * of a transaction of SQLite's. They outlive the process as soon as `append` returns. (ADR 52)
 *
 * Each record is a line, `checksum [number, [[text, ...values], ...]]`; a text that was said before in the same file
 * is its place among them. Numbers go on for ever, and the last one that was run is written in the same transaction:
 * each record is run once, wherever a process died. A last line that is torn was never promised to anybody.
 */
import { crc32 } from "node:zlib";
import { assert } from "../base/error.ts";
import type { AppendFile } from "./append-file.ts";

export type SqlValue = string | number | null;

/** As much of `node:sqlite` as is used. */
export interface Sql {
  exec(text: string): void;
  prepare(text: string): SqlStatement;
}

export interface SqlStatement {
  run(...values: SqlValue[]): { changes: number | bigint };
  get(...values: SqlValue[]): Record<string, unknown> | undefined;
  all(...values: SqlValue[]): Record<string, unknown>[];
}

export interface Write {
  text: string;
  values: SqlValue[];
}

export interface WriteAhead {
  /** All of `writes`, or none where it throws. */
  append(writes: readonly Write[]): void;
  /** Runs what waits. Where it throws all goes on waiting. */
  fold(): void;
}

/** At a kilobyte each they are a megabyte of memory and of disk. */
const waitingMost = 1_024;

type Reference = string | number;
type Entry = [sequence: number, writes: [Reference, ...SqlValue[]][]];

/** @param transaction begins anew, nothing is open */
export function createWriteAhead(
  sql: Sql,
  file: AppendFile,
  transaction: (work: () => void) => void,
): WriteAhead {
  sql.exec(
    "create table if not exists write_ahead (one integer primary key check (one = 1), folded integer not null) strict",
  );
  const mark = sql.prepare(
    "insert into write_ahead (one, folded) values (1, ?) on conflict (one) do update set folded = excluded.folded",
  );
  const folded = sql.prepare("select folded from write_ahead").get()?.["folded"];
  let sequence = (folded as number | undefined) ?? 0;
  let waiting: Write[] = [];
  /** Texts that the file has, and their places in it. */
  const known = new Map<string, number>();
  const statements = new Map<string, SqlStatement>();

  function statementOf(text: string): SqlStatement {
    const prepared = statements.get(text) ?? sql.prepare(text);
    statements.set(text, prepared);
    return prepared;
  }

  function fold(): void {
    if (waiting.length === 0) return;
    transaction(() => {
      for (const { text, values } of waiting) statementOf(text).run(...values);
      mark.run(sequence);
    });
    waiting = [];
    file.clear();
    known.clear();
  }

  const former = readRecords(file.read());
  for (const { number, writes } of former) {
    if (number <= sequence) continue;
    sequence = number;
    waiting.push(...writes);
  }
  fold();
  file.clear();

  return {
    append(writes) {
      if (waiting.length >= waitingMost) fold();
      const added = new Map<string, number>();
      const refer = (text: string): Reference => {
        const place = known.get(text) ?? added.get(text);
        if (place === undefined) added.set(text, known.size + added.size);
        return place ?? text;
      };
      const entry: Entry = [
        sequence + 1,
        writes.map(({ text, values }) => [refer(text), ...values]),
      ];
      file.append(formatRecord(JSON.stringify(entry)));
      sequence += 1;
      for (const [text, place] of added) known.set(text, place);
      waiting.push(...writes);
    },
    fold,
  };
}

const checksumDigits = 8;
const checksumOf = (text: string) => crc32(text).toString(16).padStart(checksumDigits, "0");
/** JSON has no line ends of its own. */
const formatRecord = (json: string): Buffer => Buffer.from(`${checksumOf(json)} ${json}\n`);

/** Up to the first line that is not whole: behind it nothing was written that anybody relies on. */
function readRecords(bytes: Buffer): { number: number; writes: Write[] }[] {
  const texts: string[] = [];
  const lines = bytes.toString("utf8").split("\n").slice(0, -1);
  const torn = lines.findIndex(
    (line) => line.slice(0, checksumDigits) !== checksumOf(line.slice(checksumDigits + 1)),
  );
  return lines.slice(0, torn < 0 ? lines.length : torn).map((line) => {
    const [number, writes] = JSON.parse(line.slice(checksumDigits + 1)) as Entry;
    return {
      number,
      writes: writes.map(([reference, ...values]) => {
        if (typeof reference === "string") texts.push(reference);
        const text = typeof reference === "string" ? reference : texts[reference];
        assert(text !== undefined, "a text is written before it is referred to");
        return { text, values };
      }),
    };
  });
}
