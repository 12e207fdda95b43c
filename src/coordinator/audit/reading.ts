/** Reading the audit log, for `/admin/audit` and for the command line alike. */
import type { AuditAnswer, AuditMark, AuditQuery, AuditReport } from "../../protocol/audit.ts";
import type { Database } from "../database.ts";
import type { AuditLog } from "./audit-log.ts";
import { readEvents } from "./audit-log-store.ts";
import { verifyAuditLog } from "./verify.ts";

export interface AuditReading {
  /** What was put on record a moment ago is in the table, where this process writes it. */
  flush(): Promise<void>;
  page(query: AuditQuery): Promise<AuditAnswer>;
  /** @param noted a chain's end that somebody wrote down */
  verify(noted: AuditMark | undefined): Promise<AuditReport>;
}

export interface AuditReadingOptions {
  database: Database;
  /** `auditFolder` of the coordinator's data folder. */
  folder: string;
  /** Who writes it, where that is this process: what was put on record a moment ago is read too. */
  auditLog?: Pick<AuditLog, "flush">;
}

export const createAuditReading = ({
  database,
  folder,
  auditLog,
}: AuditReadingOptions): AuditReading => ({
  flush: async () => auditLog?.flush(),
  async page({ limit, ...query }) {
    await auditLog?.flush();
    // One more than asked for tells whether there is a next page.
    const found = await readEvents(database, query, limit + 1);
    const events = found.slice(0, limit);
    const last = events.at(-1);
    return { events, next_cursor: found.length > limit && last ? String(last.position) : null };
  },
  async verify(noted) {
    await auditLog?.flush();
    return verifyAuditLog({ database, folder, noted });
  },
});
