/**
 * Counts, times and traces the calls of an HTTP server, by route as it was registered: what stands in a path is nobody's
 * label.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../base/clock.ts";
import { readTraceparent } from "../../protocol/trace-context.ts";
import { headers } from "../../protocol/version.ts";
import { expectedFailure } from "../framework-failure.ts";
import { inCall } from "./call.ts";
import type { Metrics } from "./metrics.ts";
import type { Span, Tracer } from "./tracing.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Undefined where it was refused before anything was read of it. */
    observed: Observed | undefined;
  }
}

interface Observed {
  /** Monotonic, ms. */
  began: number;
  span: Span | undefined;
  /** Its answer, to the last byte. */
  isSent: boolean;
  /** Code of the error that it ended with. */
  code?: string;
}

export interface ObserveCallsParts {
  clock: Clock;
  metrics: Metrics;
  tracer?: Tracer | undefined;
  /** Whether the callers' traces are gone on with. Else each call begins one. */
  joinsTraces: boolean;
}

const secondsOf = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const unrouted = "none";
/** The status of a call whose caller hung up before its answer's end. */
const gone = "gone";

/** To be called before any route is registered. */
export function observeCalls(app: FastifyInstance, parts: ObserveCallsParts): void {
  const { clock, metrics, tracer, joinsTraces } = parts;
  const requests = metrics.counter(
    "troop_http_requests_total",
    "Calls that ended, by route and status; `gone`: their caller hung up before.",
  );
  const refusals = metrics.counter(
    "troop_http_refusals_total",
    "Calls that ended with an error, by route and its code.",
  );
  const seconds = metrics.histogram(
    "troop_http_request_seconds",
    "From a call's headers to its end, by route.",
    secondsOf,
  );
  const beginSpan = (request: FastifyRequest) =>
    tracer?.begin({
      name: routeOf(request),
      kind: "server",
      parent: joinsTraces ? readTraceparent(request.headers[headers.trace]) : undefined,
      attributes: {
        "http.request.method": request.method,
        "http.route": request.routeOptions.url ?? unrouted,
        "troop.request_id": request.id,
      },
    });

  app.decorateRequest("observed", undefined);
  app.addHook("onRoute", (route) => {
    const { handler } = route;
    route.handler = function observed(request, reply) {
      const call = { requestId: request.id, tracer, span: request.observed?.span };
      return inCall(call, () => handler.call(this, request, reply) as unknown);
    };
  });
  app.addHook("onRequest", async (request, reply) => {
    const observed = { began: clock.monotonic(), span: beginSpan(request), isSent: false };
    request.observed = observed;
    // Not `onResponse`, which is for answers that were sent: who waits in vain hangs up, and counts the most.
    reply.raw
      .once("finish", () => (observed.isSent = true))
      .once("close", () => finish(request, reply, observed));
  });
  app.addHook("onError", async (request, _reply, error) => {
    if (request.observed) request.observed.code = expectedFailure(error)?.code ?? "internal_error";
  });
  app.addHook("onSend", async ({ observed }, reply) => {
    if (observed)
      void reply.header(
        headers.responseTime,
        `${Math.round(clock.monotonic() - observed.began)}ms`,
      );
  });
  // Where it was refused before anything was read of it, this is all there is to tell.
  app.addHook("onResponse", async (request, reply) => {
    if (!request.observed)
      requests.add({ route: routeOf(request), status: String(reply.statusCode) });
  });
  function finish(request: FastifyRequest, { raw }: FastifyReply, observed: Observed): void {
    const route = routeOf(request);
    const { began, span, isSent, code } = observed;
    const status = isSent ? String(raw.statusCode) : gone;
    requests.add({ route, status });
    seconds.observe((clock.monotonic() - began) / 1_000, { route });
    if (code !== undefined) refusals.add({ route, code });
    if (isSent) span?.set({ "http.response.status_code": raw.statusCode });
    if (code !== undefined) span?.set({ "troop.code": code });
    if (!isSent || raw.statusCode >= 500) span?.fail(code ?? status);
    span?.end();
  }
}

const routeOf = ({ method, routeOptions: { url } }: FastifyRequest): string =>
  url === undefined ? unrouted : `${method} ${url}`;
