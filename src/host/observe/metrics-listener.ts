/** `GET /metrics` at `METRICS_LISTEN`: a port of its own, on which there is nothing else and nobody is asked who they are. */
import { createServer } from "node:http";
import { closeServer, listen, type ListenAddress, urlOf } from "../listen.ts";
import { type Metrics, metricsMediaType } from "./metrics.ts";

export interface MetricsListener extends AsyncDisposable {
  readonly url: string;
}

/** @throws TroopError `port_taken`, `configuration_invalid` */
export async function serveMetrics(
  at: ListenAddress,
  metrics: Pick<Metrics, "text">,
): Promise<MetricsListener> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url !== "/metrics" || request.method !== "GET") {
      response.writeHead(404).end();
      return;
    }
    void metrics.text().then((text) => {
      response.writeHead(200, { "content-type": metricsMediaType }).end(text);
    });
  });
  const bound = await listen(server, at);
  return { url: urlOf(bound), [Symbol.asyncDispose]: () => closeServer(server) };
}
