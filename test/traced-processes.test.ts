/** Four processes that are told of a collector, and of where to serve metrics, by nothing but their environment. */
import { expect, test } from "vitest";
import { startFakeEngine } from "./support/fake-engine/fake-engine.ts";
import { startCollector } from "./support/otlp-collector.ts";
import { freePort } from "../tools/services/ready.ts";
import { createFolder, type Running, startTroop } from "./support/processes.ts";

test(
  "send one tree for a request, lines of their logs, and serve metrics",
  { timeout: 120_000 },
  async () => {
    await using collector = await startCollector();
    await using engine = await startFakeEngine();
    await using data = await createFolder();
    const metrics: string[] = [];
    const start = async (...words: string[]): Promise<Running> => {
      const address = `127.0.0.1:${await freePort()}`;
      metrics.push(`http://${address}/metrics`);
      const environment = { ...collector.environment, METRICS_LISTEN: address };
      return startTroop([...words, "--data", data.path], { environment });
    };
    await using coordinator = await start("coordinator", "--port", String(await freePort()));
    const [, url] = await coordinator.line(/^Coordinator ready at (\S+)$/m);
    const of = ["--coordinator", url!];
    await using worker = await start("worker", ...of, "--engine", engine.origin, "--port", "0");
    await worker.line(/^Lending as node/m);
    await using up = await start("up", ...of, "--port", String(await freePort()));
    const [, base] = await up.line(/ at (http:\S+\/v1)$/m);

    await using relay = await start("relay", ...of, "--port", String(await freePort()));
    await relay.line(/^Relay ready at/m);

    const messages = [{ role: "user", content: "Hi" }];
    const answer = await fetch(`${base}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "test-model", messages }),
    });
    expect(answer.status).toBe(200);
    const told = await Promise.all(metrics.map(async (one) => (await fetch(one)).text()));
    expect(told[0]).toContain('troop_tickets_total{outcome="issued"} 1');
    expect(told[1]).toContain('troop_worker_requests_total{finish="stop"} 1');
    expect(told[2]).toContain('route="POST /v1/chat/completions",status="200"} 1');
    for (const text of told) expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);

    // What waits is sent as they stop.
    for (const role of [relay, up, worker, coordinator])
      expect((await role.end("SIGTERM")).code).toBe(0);
    const spans = collector.spans();
    const root = spans.find(({ name }) => name === "POST /v1/chat/completions")!;
    const tree = spans.filter(({ traceId }) => traceId === root.traceId);
    const has = (service: string, name: string) =>
      tree.find((span) => span.service === `monkey-troop-${service}` && span.name === name);
    expect(has("coordinator", "POST /authorize")?.parentSpanId).toBe(
      has("client", "POST /authorize")!.spanId,
    );
    expect(has("worker", "POST /infer")?.parentSpanId).toBe(
      has("client", "chat test-model")!.spanId,
    );
    const sent = collector.bodies.map(String).join("\n");
    for (const role of ["coordinator", "relay"]) expect(sent).toContain(`the ${role} serves`);
  },
);
