/** Puts an operator's act on record that was done in the database itself, past any coordinator. */
import { userInfo } from "node:os";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { AuditDetails } from "../../protocol/audit.ts";
import { appendEntries } from "../audit/audit-log-store.ts";
import type { Database } from "../database.ts";

/** It is in the table when this resolves. */
export async function noteAct(
  database: Database,
  { clock, random }: { clock: Clock; random: Random },
  details: AuditDetails,
): Promise<void> {
  const { username } = userInfo();
  await appendEntries(database, [
    {
      ...{ id: random.uuid(), timestamp: clock.now(), event_type: "admin" },
      ...{ user_id: `local:${username}`, ip_address: null, details },
    },
  ]);
}
