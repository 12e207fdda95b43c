/**
 * What an operator does is on record, with who did it and to what, before they are answered; and so is what they tried
 * and were refused. A route that names its act in its configuration cannot forget it.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AuditDetails } from "../../protocol/audit.ts";
import { expectedError } from "./error-answer.ts";
import type { OperatorDesk } from "../operator/desk.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The audit event of a route that changes something, or shows what is personal. */
    act?: string;
  }
  interface FastifyRequest {
    /** What else goes on record of an act. */
    noted: Readonly<Record<string, string | number | boolean>> | undefined;
  }
}

export function noteActs(app: FastifyInstance, { auditLog }: Pick<OperatorDesk, "auditLog">): void {
  const note = async (request: FastifyRequest, details: Omit<AuditDetails, "event">) => {
    const { operator, routeOptions } = request;
    const { act } = routeOptions.config;
    // Who is nobody has done nothing; the login has it on record.
    if (act === undefined || !operator) return;
    await auditLog.recordDurably({
      ...{ type: "admin", user: operator.name, ip: request.raw.socket.remoteAddress || undefined },
      details: { event: act, ...targetOf(request), ...details },
    });
  };
  app.decorateRequest("noted", undefined);
  app.addHook("onSend", async (request, reply) => {
    if (reply.statusCode < 400) await note(request, request.noted ?? {});
  });
  app.addHook("onError", (request, _reply, error) => {
    const { status = 500, code = "internal_error" } = expectedError(error) ?? {};
    // What fails by itself may have failed after it was done, at reading what to answer.
    return note(request, status < 500 ? { refused: code } : { outcome: "unknown", code });
  });
}

/** What it was done to, where that looks like the name of something. */
function targetOf({ params, body }: FastifyRequest): { target?: string } {
  const { id, name } = (params ?? {}) as { id?: unknown; name?: unknown };
  const { account, name: named } = (body ?? {}) as { account?: unknown; name?: unknown };
  const target = id ?? name ?? account ?? named;
  return typeof target === "string" && /^[\w.-]{1,64}$/.test(target) ? { target } : {};
}
