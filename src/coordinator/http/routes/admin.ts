/** `/admin/*`: what operators ask of a coordinator. Who may ask is decided by the scope that this is registered in. */
import { auditAnswer, auditQuery, auditReport, auditVerifyQuery } from "../../../protocol/audit.ts";
import type { AuditReading } from "../../audit/reading.ts";
import type { App } from "../services.ts";

export function adminRoutes(app: App, { auditReading }: { auditReading: AuditReading }): void {
  app.get(
    "/admin/audit",
    {
      schema: {
        ...{ hide: true, summary: "What was put on record, newest first" },
        ...{ querystring: auditQuery, response: { 200: auditAnswer } },
      },
    },
    async (request) => auditReading.page(request.query),
  );
  app.get(
    "/admin/audit/verify",
    {
      schema: {
        ...{ hide: true, summary: "Whether the audit log is as it was written" },
        ...{ querystring: auditVerifyQuery, response: { 200: auditReport } },
      },
    },
    async (request) => auditReading.verify(request.query.expect),
  );
}
