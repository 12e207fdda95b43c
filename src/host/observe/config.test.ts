import { expect, test } from "vitest";
import { readMetricsListen, readTelemetryConfig } from "./config.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318/" };
const read = (environment: Record<string, string>) => readTelemetryConfig(environment, "role");

test.each([
  ["nothing is set", {}],
  ["only names are set", { OTEL_SERVICE_NAME: "mine", OTEL_TRACES_EXPORTER: "otlp" }],
  ["it is switched off", { ...endpoint, OTEL_SDK_DISABLED: "true" }],
  ["neither is wanted", { ...endpoint, OTEL_TRACES_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" }],
])("where %s, nothing is sent anywhere", (_what, environment) => {
  expect(read(environment)).toBeUndefined();
  expect(readMetricsListen(environment)).toBeUndefined();
});

test("the endpoint for all has each signal's path behind it, a signal's own is taken as it is", () => {
  expect(read(endpoint)).toMatchObject({
    tracesUrl: "http://127.0.0.1:4318/v1/traces",
    logsUrl: "http://127.0.0.1:4318/v1/logs",
    resource: { "service.name": "role" },
    sampler: { ratio: 1, followsParent: true },
    propagates: true,
  });
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example/in" };
  expect(read(own)).toMatchObject({ tracesUrl: "https://traces.example/in", logsUrl: undefined });
});

test("names, headers, sampler and propagators are taken as the standard has them", () => {
  const config = read({
    ...endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20a, x-team = b",
    OTEL_RESOURCE_ATTRIBUTES: "service.name=given,deployment.environment.name=test",
    OTEL_SERVICE_NAME: "mine",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
    OTEL_PROPAGATORS: "none",
  });
  expect(config).toMatchObject({
    headers: { authorization: "Bearer a", "x-team": "b" },
    resource: { "service.name": "mine", "deployment.environment.name": "test" },
    sampler: { ratio: 0.25, followsParent: false },
    propagates: false,
  });
});

test.each([
  { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
  { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" },
  { OTEL_EXPORTER_OTLP_HEADERS: "authorization" },
  { OTEL_TRACES_SAMPLER: "jaeger_remote" },
  { OTEL_TRACES_SAMPLER_ARG: "2" },
])("what is not understood is said at the start: %j", (wrong) => {
  const [param] = Object.keys(wrong);
  expect(() => read({ ...endpoint, ...(wrong as object) })).toThrow(
    expect.objectContaining({ code: "configuration_invalid", param }) as Error,
  );
});
