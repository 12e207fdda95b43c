/** What an operator reads of the audit log: rows, and whether their chain of hashes holds. */
import { z } from "zod";
import { thumbprintText, uuidText } from "./ids.ts";
import { limits } from "./limits.ts";

export const auditEventTypes = [
  "authorization",
  "transaction",
  "rate_limit",
  "security",
  "admin",
] as const;
export type AuditEventType = (typeof auditEventTypes)[number];

/** Flat, so that a row is read at a glance: ids, codes, counts and amounts. `event` names what happened. */
export const auditDetails = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]))
  .and(z.object({ event: z.string() }));
export type AuditDetails = z.infer<typeof auditDetails>;

/** As it is written when it happens. The same `id` is the same row, wherever it is found. */
export const auditEntry = z.strictObject({
  id: uuidText,
  /** ms UTC */
  timestamp: z.int().nonnegative(),
  event_type: z.enum(auditEventTypes),
  /** An account, a node's or a key's id, or who sits at the machine. */
  user_id: z.string().nullable(),
  ip_address: z.string().nullable(),
  details: auditDetails,
});
export type AuditEntry = z.infer<typeof auditEntry>;

/** As it stands in the chain: positions count from 1 without gaps. */
export const auditRow = auditEntry.extend({ position: z.int(), hash: thumbprintText });
export type AuditRow = z.infer<typeof auditRow>;

const text = z.string().min(1).max(limits.urlCharacters);
export const auditQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(limits.pageMost).default(limits.pageDefault),
  /** A position: rows before it. */
  cursor: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
  event_type: z.enum(auditEventTypes).optional(),
  user_id: text.optional(),
});
export type AuditQuery = z.infer<typeof auditQuery>;

/** Newest first. */
export const auditAnswer = z.strictObject({
  events: z.array(auditRow),
  next_cursor: z.string().nullable(),
});
export type AuditAnswer = z.infer<typeof auditAnswer>;

/** A place in the chain: the last row before it, and the hash of all up to there. */
export const auditMark = z.strictObject({ position: z.int().nonnegative(), hash: thumbprintText });
export type AuditMark = z.infer<typeof auditMark>;

/** A mark as people write it down: `128:` and the hash. */
export const writeMark = ({ position, hash }: AuditMark): string => `${position}:${hash}`;
export const auditMarkText = z
  .string()
  .regex(/^\d{1,15}:[A-Za-z0-9_-]{43}$/, "a position and a hash, as a report's last line has them")
  .transform((written): AuditMark => {
    const [position = "", hash = ""] = written.split(":");
    return { position: Number(position), hash };
  });
export const auditVerifyQuery = z.strictObject({ expect: auditMarkText.optional() });

export const auditFlaws = ["altered", "missing", "not_in_table", "differs_from_file"] as const;
export const auditFlaw = z.strictObject({
  flaw: z.enum(auditFlaws),
  /** Null where the row is known only from the file. */
  position: z.int().nullable(),
  /** Null where nothing is left of the row. */
  id: z.string().nullable(),
});
export type AuditFlaw = z.infer<typeof auditFlaw>;

export const auditReport = z.strictObject({
  sound: z.boolean(),
  /** Rows in the table. */
  rows: z.int(),
  /** What came before the first row that is kept. */
  head: auditMark,
  /** The last row: write it down elsewhere, and the next report can be held against it. */
  tip: auditMark,
  /** Rows of this machine's files that were held against the table. */
  compared: z.int(),
  /** The first ones; `flawed` counts them all. */
  flaws: z.array(auditFlaw),
  flawed: z.int(),
});
export type AuditReport = z.infer<typeof auditReport>;
