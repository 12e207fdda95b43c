/** Puts on record what operators do in the database itself, past any coordinator. */
import { userInfo } from "node:os";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { AuditDetails } from "../../protocol/audit.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { appendEntries } from "../audit/audit-log-store.ts";
import type { Database } from "../database.ts";

interface Surroundings {
  clock: Pick<Clock, "now">;
  random: Pick<Random, "uuid">;
}

/** As the audit log of a coordinator, and in the table when it resolves. */
export const recordInTable = (
  database: Database,
  { clock, random }: Surroundings,
): Pick<AuditLog, "recordDurably"> => ({
  async recordDurably({ type, user, ip, details }) {
    const who = { user_id: user ?? null, ip_address: ip ?? null };
    const when = { id: random.uuid(), timestamp: clock.now() };
    await appendEntries(database, [{ ...when, event_type: type, ...who, details }]);
  },
});

/** It is in the table when this resolves. */
export const noteAct = (
  database: Database,
  surroundings: Surroundings,
  details: AuditDetails,
): Promise<void> =>
  recordInTable(database, surroundings).recordDurably({
    ...{ type: "admin", user: `local:${userInfo().username}`, details },
  });
