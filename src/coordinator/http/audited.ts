/** Puts refused calls on record: a few of one kind from one place, since whoever tries may try without end. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../base/clock.ts";
import { createSlidingLog } from "../../base/sliding-log.ts";
import { networkOf } from "../../host/client-address.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { callRefused, type Caller } from "../audit/events.ts";
import { expectedError } from "./error-answer.ts";

/** Of one code from one source; the one after them says that there were more. */
const rate = { limit: 10, windowMs: 60_000 };
const most = { names: 10_000, times: 100_000 };

declare module "fastify" {
  interface FastifyRequest {
    /** Whose account or key the call proved to be, as soon as that is known. */
    provenBy: string | undefined;
  }
}

export const callerOf = ({ provenBy: user, source }: FastifyRequest): Caller => ({
  user,
  ip: source.address,
});

export function auditRefusals(
  app: FastifyInstance,
  { auditLog, clock }: { auditLog: Pick<AuditLog, "record">; clock: Clock },
): void {
  app.decorateRequest("provenBy", undefined);
  const recent = createSlidingLog(most);
  app.addHook("onError", async (request, _reply, error) => {
    const expected = expectedError(error);
    const caller = callerOf(request);
    const event = expected && callRefused(caller, request.routeOptions.url, expected);
    if (!event) return;
    const source = networkOf(request.source) ?? caller.user ?? caller.ip;
    const bucket = `${expected.code} ${source}`;
    const { isAllowed, isFirstRefusal } = recent.charge(bucket, rate, clock.monotonic());
    if (isAllowed) auditLog.record(event);
    else if (isFirstRefusal)
      auditLog.record({ ...event, details: { ...event.details, and_more: true } });
  });
}
