/** OpenTelemetry's own variables, as far as they mean something here, and where metrics are served. */
import { z } from "zod";
import { TroopError } from "../../protocol/error-codes.ts";
import { type Environment, readSettings } from "../env.ts";
import { type ListenAddress, readListenAddress } from "../listen.ts";
import type { Resource } from "./otlp.ts";
import type { Sampler } from "./tracing.ts";

export interface TelemetryConfig {
  /** Where spans go; undefined: nowhere. */
  tracesUrl: string | undefined;
  /** Where lines of the log go. */
  logsUrl: string | undefined;
  /** With each call to the collector. */
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  resource: Resource;
  sampler: Sampler;
  /** Whether those who are called are told of the trace. */
  propagates: boolean;
  /** What may wait to be sent, and for how long. */
  queue: { most: number; delayMs: number };
}

const samplers = ["always_on", "always_off", "traceidratio"] as const;
const exporter = z.enum(["otlp", "none"]).default("otlp");
const url = z.url({ protocol: /^https?$/ });

const settings = z.object({
  OTEL_SDK_DISABLED: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().default(""),
  OTEL_EXPORTER_OTLP_TIMEOUT: z.coerce.number().int().min(1).max(600_000).default(10_000),
  // Both are taken at the same place; JSON is what is sent there.
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(["http/protobuf", "http/json"]).optional(),
  OTEL_TRACES_EXPORTER: exporter,
  OTEL_LOGS_EXPORTER: exporter,
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_RESOURCE_ATTRIBUTES: z.string().default(""),
  OTEL_TRACES_SAMPLER: z
    .enum([...samplers, ...samplers.map((name) => `parentbased_${name}` as const)])
    .default("parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  OTEL_PROPAGATORS: z.string().default("tracecontext"),
  OTEL_BSP_MAX_QUEUE_SIZE: z.coerce.number().int().min(1).max(100_000).default(2_048),
  OTEL_BSP_SCHEDULE_DELAY: z.coerce.number().int().min(1).max(3_600_000).default(5_000),
});
type Settings = z.infer<typeof settings>;

/**
 * @param service what the role is called where nobody says
 * @returns undefined where nothing goes anywhere
 * @throws TroopError `configuration_invalid`
 */
export function readTelemetryConfig(
  environment: Environment,
  service: string,
): TelemetryConfig | undefined {
  const read = readSettings(environment, settings);
  const tracesUrl = urlOf(read, "traces");
  const logsUrl = urlOf(read, "logs");
  if (read.OTEL_SDK_DISABLED?.toLowerCase() === "true" || !(tracesUrl ?? logsUrl)) return undefined;
  return {
    ...{ tracesUrl, logsUrl },
    headers: pairsIn("OTEL_EXPORTER_OTLP_HEADERS", read.OTEL_EXPORTER_OTLP_HEADERS),
    timeoutMs: read.OTEL_EXPORTER_OTLP_TIMEOUT,
    resource: {
      "service.name": service,
      ...pairsIn("OTEL_RESOURCE_ATTRIBUTES", read.OTEL_RESOURCE_ATTRIBUTES),
      ...(read.OTEL_SERVICE_NAME && { "service.name": read.OTEL_SERVICE_NAME }),
    },
    sampler: samplerOf(read),
    propagates: read.OTEL_PROPAGATORS.split(",").some((name) => name.trim() === "tracecontext"),
    queue: { most: read.OTEL_BSP_MAX_QUEUE_SIZE, delayMs: read.OTEL_BSP_SCHEDULE_DELAY },
  };
}

/** A signal's own endpoint is taken as it is; the one for all has each signal's path behind it. */
function urlOf(read: Settings, signal: "traces" | "logs"): string | undefined {
  const own = {
    traces: { url: read.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, by: read.OTEL_TRACES_EXPORTER },
    logs: { url: read.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, by: read.OTEL_LOGS_EXPORTER },
  }[signal];
  if (own.by === "none") return undefined;
  const all = read.OTEL_EXPORTER_OTLP_ENDPOINT;
  return own.url ?? (all && `${all.replace(/\/+$/, "")}/v1/${signal}`);
}

function samplerOf({
  OTEL_TRACES_SAMPLER: name,
  OTEL_TRACES_SAMPLER_ARG: share,
}: Settings): Sampler {
  const ratio = { always_on: 1, always_off: 0, traceidratio: share };
  const kind = name.replace(/^parentbased_/, "") as keyof typeof ratio;
  return { ratio: ratio[kind], followsParent: kind !== name };
}

/** `name=value` pairs, separated by commas; values percent-encoded. */
function pairsIn(variable: string, text: string): Record<string, string> {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      try {
        if (name !== undefined) return [name, decodeURIComponent(value ?? "")];
      } catch {
        // Not percent-encoded: as good as not understood.
      }
      throw new TroopError(
        "configuration_invalid",
        `${variable} is not understood: expected name=value pairs, separated by commas.`,
        { param: variable },
      );
    }),
  );
}

const metricsSettings = z.object({
  METRICS_LISTEN: z
    .string()
    .transform((text, context) => {
      const address = readListenAddress(text);
      if (!address) context.addIssue("expected an address such as 127.0.0.1:9464");
      return address ?? z.NEVER;
    })
    .optional(),
});

/** Where metrics are served without a password; undefined: nowhere. @throws TroopError `configuration_invalid` */
export const readMetricsListen = (environment: Environment): ListenAddress | undefined =>
  readSettings(environment, metricsSettings).METRICS_LISTEN;
