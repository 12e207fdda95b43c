/**
 * Who gets as far as `/admin`: on the public port only somebody on this very machine, who came through no proxy; to
 * everybody else there is nothing at these paths. Then whom the login knows, as far as their role goes.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { addressKind } from "../../host/address-kind.ts";
import { pathOf } from "../../host/framing.ts";
import { namesThisMachine } from "../../host/own-name.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { OperatorDesk } from "../operator/desk.ts";
import { mayDo, type Need, type Operator } from "../operator/roles.ts";
import { noteActs } from "./noted-acts.ts";
import { adminRoutes } from "./routes/admin/all.ts";
import { type App, withZod } from "./services.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Whom the login knows; undefined before it, and where there is none. */
    operator: Operator | undefined;
  }
  interface FastifyContextConfig {
    /** What a role must allow; where it is missing, only the administrator may. */
    need?: Need;
  }
}

/** A proxy on this machine sends at least one of them, if it says anything of whom it speaks for. */
const forwardingHeaders = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "x-client-ip",
  "cf-connecting-ip",
  "true-client-ip",
];

/** To be called before any route is registered. @param desk undefined: nobody is let in here */
export function hideAdmin(app: FastifyInstance, desk: OperatorDesk | undefined): void {
  app.addHook("onRequest", async (request) => {
    if (isForAdmin(request) && (!desk || !isOnThisMachine(request)))
      throw new TroopError("not_found");
  });
}

function isForAdmin({ raw, routeOptions }: FastifyRequest): boolean {
  // Framing was checked before: the path decodes.
  const path = decodeURIComponent(pathOf(raw.url ?? ""));
  return [path, routeOptions.url ?? ""].some((text) => /^\/admin(\/|$)/i.test(text));
}

const isOnThisMachine = ({ raw }: FastifyRequest): boolean =>
  addressKind(raw.socket.remoteAddress ?? "") === "loopback" &&
  forwardingHeaders.every((name) => raw.headers[name] === undefined);

/**
 * Registers `/admin`, behind the login.
 * @param more routes behind the same login that are served only there, such as those for monitoring
 */
export async function registerAdmin(
  app: FastifyInstance,
  desk: OperatorDesk,
  more: readonly ((app: App) => void)[] = [],
): Promise<void> {
  app.decorateRequest("operator", undefined);
  await app.register(async (scope) => {
    scope.addHook("onRequest", async (request, reply) => {
      // Before any password is looked at: a page must not be able to keep operators locked out either.
      checkNoPage(request, desk);
      void reply.header("cache-control", "no-store");
      request.operator = await loggedIn(desk, request, reply);
      request.provenBy = request.operator.name;
      if (!mayDo(request.operator, request.routeOptions.config.need))
        throw new TroopError("not_permitted");
    });
    noteActs(scope, desk);
    adminRoutes(withZod(scope), desk);
    for (const route of more) route(withZod(scope));
  });
}

/** A browser sends what somebody once typed along with any page's request, and a page's own name may lead here. */
function checkNoPage({ headers }: FastifyRequest, { name }: OperatorDesk): void {
  const site = headers["sec-fetch-site"] ?? "none";
  if (headers.origin !== undefined || (site !== "none" && site !== "same-origin"))
    throw new TroopError("forbidden_origin");
  if (!namesThisMachine(headers.host, [name]))
    throw new TroopError(
      "forbidden_origin",
      "The Host header does not name this machine: come by its address, as localhost, or as OPERATOR_URL says.",
    );
}

async function loggedIn(
  desk: OperatorDesk,
  { headers: { authorization }, raw }: FastifyRequest,
  reply: FastifyReply,
): Promise<Operator> {
  try {
    return await desk.login({ authorization, ip: raw.socket.remoteAddress });
  } catch (error) {
    if (error instanceof TroopError && error.code === "login_required")
      void reply.header("www-authenticate", 'Basic realm="Monkey Troop", charset="UTF-8"');
    throw error;
  }
}
