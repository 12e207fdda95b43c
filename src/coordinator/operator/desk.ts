/** What operators can ask of a coordinator, and who they are: the same at the port, at the socket and on port 8000. */
import type { Administration } from "../admin/administration.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { Login } from "./login.ts";

export interface OperatorDesk {
  login: Login;
  administration: Administration;
  /** Where their acts go on record. */
  auditLog: Pick<AuditLog, "recordDurably">;
  /** By which `Host` may name it besides addresses: one that nobody else can point here. */
  name?: string | undefined;
}
