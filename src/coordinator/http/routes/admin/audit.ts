/** `/admin/audit`: what was put on record, and whether it is as it was written. */
import {
  auditAnswer,
  auditQuery,
  auditReport,
  auditVerifyQuery,
} from "../../../../protocol/audit.ts";
import { limits } from "../../../../protocol/limits.ts";
import type { Administration } from "../../../admin/administration.ts";
import type { App } from "../../services.ts";

export function auditRoutes(app: App, { auditReading }: Administration): void {
  app.get(
    "/admin/audit",
    {
      config: { need: "read" },
      schema: { hide: true, querystring: auditQuery, response: { 200: auditAnswer } },
    },
    async (request) => auditReading.page(request.query),
  );
  app.get(
    "/admin/audit/verify",
    {
      config: { need: "read", timeoutMs: limits.adminReadTimeoutMs },
      schema: { hide: true, querystring: auditVerifyQuery, response: { 200: auditReport } },
    },
    async (request) => auditReading.verify(request.query.expect),
  );
}
