/** Holds the audit log against its own chain, and against what this machine's files say was written. */
import { existsSync } from "node:fs";
import {
  auditEntry,
  type AuditEntry,
  type AuditFlaw,
  type AuditMark,
  type AuditReport,
} from "../../protocol/audit.ts";
import { readSnapshot, type Database, type Tx } from "../database.ts";
import { compareEntries, readChain, readHead } from "./audit-log-store.ts";
import { checkFrom, checkRow, missing } from "./chain.ts";
import { type Place, readLines, readShipped } from "./journal.ts";

const pageRows = 1_000;
/** Flaws that are named one by one; the rest are counted. */
const mostNamed = 200;

export interface VerifyOptions {
  database: Database;
  /** `auditFolder` of the coordinator's data folder. */
  folder: string;
  /** A chain's end that somebody noted: it must still be there. */
  noted?: AuditMark | undefined;
}

export function verifyAuditLog({ database, folder, noted }: VerifyOptions): Promise<AuditReport> {
  // Before the snapshot: what was shipped by now is in it.
  const shipped = existsSync(folder) ? readShipped(folder) : undefined;
  const marks = [shipped?.tip ?? [], noted ?? []].flat();
  return readSnapshot(database, async (tx) => {
    const flaws: AuditFlaw[] = [];
    let flawed = 0;
    const found = (some: readonly AuditFlaw[]) => {
      flawed += some.length;
      flaws.push(...some.slice(0, Math.max(0, mostNamed - flaws.length)));
    };
    const head = await readHead(tx);
    const { tip, rows } = await checkChain(tx, head, marks, found);
    const furthest = Math.max(0, ...marks.map(({ position }) => position));
    found(missing(tip.position + 1, furthest));
    const compared = shipped ? await checkFiles(tx, folder, shipped.place, found) : 0;
    return { sound: flawed === 0, rows, head, tip, compared, flaws, flawed };
  });
}

type Found = (flaws: readonly AuditFlaw[]) => void;

async function checkChain(
  tx: Tx,
  head: AuditMark,
  marks: readonly AuditMark[],
  found: Found,
): Promise<{ tip: AuditMark; rows: number }> {
  let check = checkFrom(head);
  let rows = 0;
  for (;;) {
    const page = await readChain(tx, check.tip.position, pageRows);
    for (const row of page) {
      const checked = checkRow(check, row);
      check = checked.check;
      found(checked.flaws);
      // A chain that was computed anew holds, but no longer leads to where it once led.
      const isElsewhere = marks.some(
        ({ position, hash }) => position === row.position && hash !== row.hash,
      );
      if (isElsewhere && checked.flaws.length === 0)
        found([{ flaw: "altered", position: row.position, id: row.id }]);
    }
    rows += page.length;
    if (page.length < pageRows) return { tip: check.tip, rows };
  }
}

/** Rows that this coordinator wrote and has shipped. @returns how many there were to compare */
async function checkFiles(tx: Tx, folder: string, until: Place, found: Found): Promise<number> {
  let compared = 0;
  const forgotten = await forgottenBefore(tx);
  let part = readLines(folder, { segment: 0, offset: 0 }, until);
  for (; part; part = readLines(folder, part.end, until)) {
    const entries = part.lines.flatMap(entryIn).filter(({ timestamp }) => timestamp >= forgotten);
    const known = await compareEntries(tx, entries);
    for (const { id } of entries) {
      const row = known.get(id);
      if (!row) found([{ flaw: "not_in_table", position: null, id }]);
      else if (!row.isSame) found([{ flaw: "differs_from_file", position: row.position, id }]);
    }
    compared += entries.length;
  }
  return compared;
}

/** Rows up to then may have been forgotten. */
async function forgottenBefore(tx: Tx): Promise<number> {
  const [first] = await readChain(tx, 0, 1);
  const head = await readHead(tx);
  return head.position === 0 ? 0 : (first?.timestamp ?? Number.MAX_SAFE_INTEGER);
}

function entryIn(line: string): AuditEntry[] {
  const parsed = auditEntry.safeParse(jsonIn(line));
  return parsed.success ? [parsed.data] : [];
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
