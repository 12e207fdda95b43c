/** Tells books that cannot be reached from a statement that merely waited too long: after that, others get through. */
import { TroopError } from "../protocol/error-codes.ts";

/** SQLSTATE of a statement, and of a lock, that was waited for too long. */
const waitedTooLong: ReadonlySet<unknown> = new Set(["57014", "55P03"]);

/** Whether nothing else need be tried now. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof TroopError) || error.code !== "ledger_unavailable") return false;
  const cause = error.cause as { code?: unknown } | undefined;
  return !waitedTooLong.has(cause?.code);
}
