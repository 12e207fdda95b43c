/** Who may use `/admin`: the operator's name and password, by Basic authentication (RFC 7617). */
import { timingSafeEqual } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import { sha256 } from "../../protocol/bytes.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { afterFailure, noLockOut, waitOf } from "./lock-out.ts";
import { isPassword } from "./password.ts";

export interface LoginOptions {
  user: string;
  /** As `hashPassword` returned it. */
  stored: string;
  auditLog: Pick<AuditLog, "recordDurably">;
  clock: Pick<Clock, "monotonic">;
}

/** What came with a call, and from where. */
export interface Attempt {
  authorization: string | undefined;
  ip: string | undefined;
}

/**
 * @returns the operator's name
 * @throws TroopError `login_required`, `locked_out`
 */
export type Login = (attempt: Attempt) => Promise<string>;

export function createLogin({ user, stored, auditLog, clock }: LoginOptions): Login {
  let lockOut = noLockOut;
  /** One after the other: many at once would all be tried before the first of them counts. */
  let turn: Promise<unknown> = Promise.resolve();

  async function tryOne({ authorization, ip }: Attempt): Promise<string> {
    const waitMs = waitOf(lockOut, clock.monotonic());
    if (waitMs > 0) throw new TroopError("locked_out", undefined, { retryAfterMs: waitMs });
    const given = credentialsIn(authorization);
    if (!given) throw new TroopError("login_required");
    // Both are always looked at, so that time does not tell which was wrong.
    const isName = timingSafeEqual(sha256(given.user), sha256(user));
    const isKnown = await isPassword(given.password, stored);
    if (isName && isKnown) {
      lockOut = noLockOut;
      return user;
    }
    lockOut = afterFailure(lockOut, clock.monotonic());
    const event = waitOf(lockOut, clock.monotonic()) > 0 ? "locked_out" : "login_refused";
    await auditLog.recordDurably({ type: "admin", ip, details: { event } });
    throw new TroopError("login_required");
  }

  return (attempt) => {
    const tried = turn.then(() => tryOne(attempt));
    turn = tried.catch(() => undefined);
    return tried;
  };
}

function credentialsIn(
  authorization: string | undefined,
): { user: string; password: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? "") ?? [];
  const [, user, password] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? "", "base64").toString("utf8")) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}
