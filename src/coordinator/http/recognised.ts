/** Who calls, as far as headers prove it, before any of a body is read: strangers' bodies take no room from others'. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../base/clock.ts";
import { networkOf } from "../../host/client-address.ts";
import { ruleOf } from "../limits/charges.ts";
import type { Callers } from "./callers.ts";
import { routeOf } from "./limited.ts";
import { within } from "./time-limits.ts";

/** To be called before any route is registered, and after what charges calls that nobody is known for. */
export function recogniseCallers(
  app: FastifyInstance,
  { callers, clock }: { callers: Pick<Callers, "recognise">; clock: Clock },
): void {
  app.decorateRequest("recognised", undefined);
  // Between the headers and the body.
  app.addHook("preParsing", async (request, reply) => {
    const recognised = mustProve(request)
      ? await within(clock, request, reply, () => callers.recognise(request))
      : undefined;
    const id = recognised?.id;
    const isKnown = id !== undefined;
    request.holder = { isKnown, key: isKnown ? id : networkOf(request.source) };
  });
}

/** It has a body, and its route asks for a proof: where none came, it is refused unread. Operators have logged in. */
function mustProve(request: FastifyRequest): boolean {
  const route = routeOf(request);
  if (request.method !== "POST" || route === undefined || request.operator) return false;
  const { knownBy } = ruleOf(route);
  return knownBy === "account" || knownBy === "node";
}
