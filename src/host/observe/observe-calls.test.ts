/** Each call is counted once, whoever ends it. */
import fastify from "fastify";
import { request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createMetrics } from "./metrics.ts";
import { observeCalls } from "./observe-calls.ts";
import { createTracer, type EndedSpan } from "./tracing.ts";

test("a call whose caller hangs up is counted as gone, and its span ends", async () => {
  const clock = createFakeClock();
  const metrics = createMetrics(clock);
  const ended: EndedSpan[] = [];
  const tracer = createTracer({
    ...{ clock, random: systemRandom, propagates: true },
    sampler: { ratio: 1, followsParent: false },
    export: (span) => ended.push(span),
  });
  const app = fastify();
  onTestFinished(() => app.close());
  observeCalls(app, { clock, metrics, tracer, joinsTraces: false });
  const arrived = Promise.withResolvers<void>();
  app.get("/slow", () => {
    arrived.resolve();
    return new Promise(() => undefined);
  });
  app.get("/quick", async () => ({}));
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const call = request(`${url}/slow`).on("error", () => undefined);
  call.end();
  await arrived.promise;
  call.destroy();
  await expect.poll(() => ended).toHaveLength(1);
  await (await fetch(`${url}/quick`)).text();
  await expect.poll(() => ended).toHaveLength(2);
  const told = (await metrics.text()).split("\n");
  for (const line of [
    'troop_http_requests_total{route="GET /slow",status="gone"} 1',
    'troop_http_requests_total{route="GET /quick",status="200"} 1',
    'troop_http_request_seconds_count{route="GET /slow"} 1',
  ])
    expect(told).toContain(line);
});
