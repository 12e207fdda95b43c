/** OpenTelemetry, where `OTEL_*` asks for it: spans and lines of the log go to a collector. Else there is nothing. */
import type { DestinationStream } from "pino";
import { Agent, request } from "undici";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { TelemetryConfig } from "./config.ts";
import { createExportQueue, type ExportQueue, type Sent } from "./export-queue.ts";
import { entryOf } from "./log-entry.ts";
import { type LogEntry, logsBody, type Resource, tracesBody } from "./otlp.ts";
import { createTracer, type EndedSpan, type Tracer } from "./tracing.ts";

export interface TelemetryParts {
  clock: Clock;
  random: Random;
}

/** Disposing sends what waits, within a few seconds. */
export interface Telemetry extends AsyncDisposable {
  readonly tracer: Tracer | undefined;
  /** Takes the log's lines; undefined where they are not to be sent. */
  readonly logStream: DestinationStream | undefined;
  /** Spans and lines that the collector did not get. */
  dropped(): number;
}

/** Nothing was wrong with what was sent. */
const passing: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

export function openTelemetry(config: TelemetryConfig, parts: TelemetryParts): Telemetry {
  const { tracesUrl, logsUrl, headers, timeoutMs, resource, queue } = config;
  const agent = new Agent({ connections: 1 });
  const stack = new AsyncDisposableStack();
  stack.defer(() => agent.destroy());

  async function post(url: string, body: object, signal: AbortSignal): Promise<Sent> {
    const answer = await request(url, {
      ...{ dispatcher: agent, method: "POST", signal, body: JSON.stringify(body) },
      headers: { ...headers, "content-type": "application/json" },
    });
    await answer.body.dump();
    if (answer.statusCode < 300) return "taken";
    return passing.has(answer.statusCode) ? "again" : "never";
  }
  const queueTo = <Item>(
    url: string | undefined,
    bodyOf: (resource: Resource, items: readonly Item[]) => object,
  ): ExportQueue<Item> | undefined =>
    url === undefined
      ? undefined
      : stack.use(
          createExportQueue<Item>({
            ...{ ...parts, ...queue, timeoutMs },
            send: (items, signal) => post(url, bodyOf(resource, items), signal),
          }),
        );
  const spans = queueTo<EndedSpan>(tracesUrl, tracesBody);
  const entries = queueTo<LogEntry>(logsUrl, logsBody);
  return {
    tracer: spans && createTracer({ ...parts, ...config, export: spans.add }),
    logStream: entries && {
      write(line: string) {
        const entry = entryOf(line);
        if (entry) entries.add(entry);
      },
    },
    dropped: () => (spans?.dropped ?? 0) + (entries?.dropped ?? 0),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
