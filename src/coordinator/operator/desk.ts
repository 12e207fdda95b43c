/** What operators can ask of a coordinator, and who they are: the same at the port, at the socket and on port 8000. */
import type { AuditReading } from "../audit/reading.ts";
import type { Login } from "./login.ts";

export interface OperatorDesk {
  login: Login;
  auditReading: AuditReading;
}
