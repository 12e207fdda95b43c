/** Who may use `/admin`: an operator's name and password, by Basic authentication (RFC 7617). */
import { timingSafeEqual } from "node:crypto";
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import { sha256 } from "../../protocol/bytes.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { Database } from "../database.ts";
import { createLockOuts } from "./lock-out.ts";
import { findOperator } from "./operator-store.ts";
import { isPassword } from "./password.ts";
import type { Operator, Role } from "./roles.ts";

export interface LoginOptions {
  /** The administrator's name. */
  user: string;
  /** And password, as `hashPassword` returned it. */
  stored: string;
  database: Database;
  auditLog: Pick<AuditLog, "recordDurably">;
  clock: Pick<Clock, "monotonic">;
}

/** What came with a call, and from where. */
export interface Attempt {
  authorization: string | undefined;
  ip: string | undefined;
}

/** @throws TroopError `login_required`, `locked_out`, `rate_limit_exceeded`, `ledger_unavailable` */
export type Login = (attempt: Attempt) => Promise<Operator>;

const askAgainMs = 1_000;
/** As many as there may be, and the administrator. */
const mostOperators = limits.operators + 1;

export function createLogin({ user, stored, database, auditLog, clock }: LoginOptions): Login {
  const lockOuts = createLockOuts(mostOperators);
  /** Digests of passwords that were right, by the hash that they were right for: whoever calls often is hashed once. */
  const right = boundedMap<string, Uint8Array>(mostOperators);
  /** One after the other: many at once would all be tried before the first of them counts. */
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  async function find(name: string): Promise<{ role: Role; password: string } | undefined> {
    // Digests have one length. The administrator gets in without a database too.
    if (timingSafeEqual(sha256(name), sha256(user)))
      return { role: "administrator", password: stored };
    return findOperator(database, name);
  }

  async function isRight(password: string, hash: string): Promise<boolean> {
    const digest = sha256(password);
    const known = right.get(hash);
    if (known && timingSafeEqual(known, digest)) return true;
    const isTrue = await isPassword(password, hash);
    if (isTrue) right.set(hash, digest);
    return isTrue;
  }

  async function tryOne({ authorization, ip }: Attempt): Promise<Operator> {
    const given = credentialsIn(authorization);
    if (!given) throw new TroopError("login_required");
    const name = given.user;
    const waitMs = lockOuts.waitOf(name, clock.monotonic());
    if (waitMs > 0) throw new TroopError("locked_out", undefined, { retryAfterMs: waitMs });
    const found = await find(name);
    // A hash is always made, so that time does not tell which was wrong.
    const isKnown = await isRight(given.password, found?.password ?? stored);
    if (found && isKnown) {
      lockOuts.passed(name);
      return { name, role: found.role };
    }
    lockOuts.failed(name, found !== undefined, clock.monotonic());
    const event = lockOuts.waitOf(name, clock.monotonic()) > 0 ? "locked_out" : "login_refused";
    // Of a name that is nobody's nothing is kept: it may be a password, typed in the wrong place.
    const who = found ? name : undefined;
    await auditLog.recordDurably({ type: "admin", user: who, ip, details: { event } });
    throw new TroopError("login_required");
  }

  return async (attempt) => {
    if (waiting >= limits.loginsWaiting)
      throw new TroopError("rate_limit_exceeded", undefined, { retryAfterMs: askAgainMs });
    waiting += 1;
    const tried = turn.then(() => tryOne(attempt)).finally(() => (waiting -= 1));
    turn = tried.catch(() => undefined);
    return tried;
  };
}

function credentialsIn(
  authorization: string | undefined,
): { user: string; password: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? "") ?? [];
  const [, user, password] =
    /^([^:]{1,64}):(.*)$/s.exec(Buffer.from(encoded ?? "", "base64").toString("utf8")) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}
