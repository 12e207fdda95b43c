/** A collector of OpenTelemetry that keeps what it is sent, and three roles that send to it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { readTelemetryConfig } from "../../src/host/observe/config.ts";
import { openTelemetry, type Telemetry } from "../../src/host/observe/telemetry.ts";

export interface Span {
  service: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: Record<string, unknown>;
}

export interface Collector extends AsyncDisposable {
  /** As `OTEL_*` has it. */
  readonly environment: Record<string, string>;
  /** Everything that was sent here. */
  readonly bodies: readonly Buffer[];
  spans(): Span[];
  /** What a role of this name sends its spans and lines by. Dispose it to have them sent. */
  telemetry(service: string): Telemetry;
}

interface Pair {
  key: string;
  value: Record<string, unknown>;
}
type Attributed = Omit<Span, "service" | "attributes"> & { attributes: Pair[] };
interface TracesBody {
  resourceSpans?: { resource: { attributes: Pair[] }; scopeSpans: { spans: Attributed[] }[] }[];
}

const recordOf = (pairs: Pair[]) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));

export async function startCollector(): Promise<Collector> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      bodies.push(body);
      response.end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  return {
    environment,
    bodies,
    spans: () =>
      bodies
        .map((body) => JSON.parse(body.toString()) as TracesBody)
        .flatMap(({ resourceSpans = [] }) => resourceSpans)
        .flatMap(({ resource, scopeSpans }) =>
          scopeSpans
            .flatMap(({ spans }) => spans)
            .map((span) => ({
              ...span,
              service: String(recordOf(resource.attributes)["service.name"]),
              attributes: recordOf(span.attributes),
            })),
        ),
    telemetry: (service) =>
      openTelemetry(readTelemetryConfig(environment, service)!, {
        ...{ clock: systemClock, random: systemRandom },
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
