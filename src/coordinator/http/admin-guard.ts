/**
 * Who gets as far as `/admin`: on the public port only somebody on this very machine, who came through no proxy. To
 * everybody else there is nothing at these paths.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { addressKind } from "../../host/address-kind.ts";
import { pathOf } from "../../host/framing.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { OperatorDesk } from "../operator/desk.ts";
import { adminRoutes } from "./routes/admin.ts";
import { withZod } from "./services.ts";

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

/** Registers `/admin`, behind the login. */
export async function registerAdmin(app: FastifyInstance, desk: OperatorDesk): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook("onRequest", async (request, reply) => {
      const { origin, authorization } = request.headers;
      const site = request.headers["sec-fetch-site"] ?? "none";
      // A browser sends what somebody once typed along with any page's request.
      if (origin !== undefined || (site !== "none" && site !== "same-origin"))
        throw new TroopError("forbidden_origin");
      void reply.header("cache-control", "no-store");
      try {
        const ip = request.raw.socket.remoteAddress;
        request.provenBy = await desk.login({ authorization, ip });
      } catch (error) {
        if (error instanceof TroopError && error.code === "login_required")
          void reply.header("www-authenticate", 'Basic realm="Monkey Troop", charset="UTF-8"');
        throw error;
      }
    });
    adminRoutes(withZod(scope), desk);
  });
}
