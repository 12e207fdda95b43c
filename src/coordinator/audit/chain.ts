/**
 * The chain of hashes: each row's hash is over its content and the hash of the row before. Pure.
 *
 * It shows that a row was changed, taken out or put in, and which. It cannot show that its last rows are gone, nor that
 * somebody who knows the formula has computed all hashes behind a change anew: for that a hash must lie elsewhere.
 */
import type { AuditEntry, AuditFlaw, AuditMark } from "../../protocol/audit.ts";
import { digestOf } from "../../protocol/bytes.ts";

/** Before the first row ever. */
export const origin: AuditMark = { position: 0, hash: digestOf("troop-audit/1") };

/** A row whose details are the text that the database prints, which is the same for the same value. */
export interface PrintedEntry extends Omit<AuditEntry, "details"> {
  details: string;
}
export interface SealedEntry extends PrintedEntry, AuditMark {}

const hashOf = (previous: string, position: number, entry: PrintedEntry): string => {
  const { id, timestamp, event_type, user_id, ip_address, details } = entry;
  return digestOf(
    JSON.stringify([previous, position, id, timestamp, event_type, user_id, ip_address, details]),
  );
};

/** The next rows of the chain behind `tip`. */
export function seal(tip: AuditMark, entries: readonly PrintedEntry[]): SealedEntry[] {
  let { position, hash } = tip;
  return entries.map((entry) => {
    position += 1;
    hash = hashOf(hash, position, entry);
    return { ...entry, position, hash };
  });
}

export interface ChainCheck {
  tip: AuditMark;
  /** What the last row's hash should be; another than the tip's where that row's hash itself was changed. */
  expected: string;
}

export const checkFrom = (head: AuditMark): ChainCheck => ({ tip: head, expected: head.hash });

/** Holds one row against those before it. Rows come in order of their positions. */
export function checkRow(
  { tip, expected }: ChainCheck,
  row: SealedEntry,
): { check: ChainCheck; flaws: AuditFlaw[] } {
  const { position, hash, id } = row;
  const next = { position, hash };
  // What was taken out took the hash with it that this row was sealed behind: it cannot be held against anything.
  if (position > tip.position + 1)
    return {
      check: { tip: next, expected: hash },
      flaws: missing(tip.position + 1, position - 1),
    };
  const computed = hashOf(tip.hash, position, row);
  const isWhole = computed === hash || hashOf(expected, position, row) === hash;
  return {
    check: { tip: next, expected: isWhole ? hash : computed },
    flaws: isWhole ? [] : [{ flaw: "altered", position, id }],
  };
}

/** Of one gap; a report names fewer. */
const mostNamed = 1_000;

/** @param from the first position without a row, @param to the last */
export const missing = (from: number, to: number): AuditFlaw[] =>
  Array.from({ length: Math.max(0, Math.min(mostNamed, to - from + 1)) }, (_, index) => ({
    ...{ flaw: "missing" as const, position: from + index, id: null },
  }));
