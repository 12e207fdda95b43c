/** For tests: serves recorded answers of an engine on a loopback port. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

/** A value is answered as JSON, a string as server-sent events or plain text, a function decides itself. */
export type Recorded = unknown;

type Answering = (request: IncomingMessage, body: string) => unknown;

export interface RecordedServer {
  origin: string;
  /** `METHOD /path` of what was asked, in order. */
  readonly asked: string[];
  /** Idempotent. */
  stop(): Promise<void>;
}

export async function serveRecorded(
  routes: Readonly<Record<string, Recorded>>,
  { headers = {}, otherwise }: { headers?: Record<string, string>; otherwise?: unknown } = {},
): Promise<RecordedServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const route = `${request.method} ${request.url}`;
    asked.push(route);
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const found = route in routes ? routes[route] : otherwise;
      const answer: unknown =
        typeof found === "function" ? (found as Answering)(request, body) : found;
      const isText = typeof answer === "string";
      const type = isText && answer.startsWith("data:") ? "text/event-stream" : "application/json";
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": type, ...headers });
      response.end(isText ? answer : JSON.stringify(answer ?? { error: "not found" }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async stop() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A streamed chat answer as all of these servers send it; only the extras around it differ. */
export function recordedStream(model: string, extra: object = {}): string {
  const head = {
    id: "chatcmpl-671",
    object: "chat.completion.chunk",
    created: 1_760_000_000,
    model,
    ...extra,
  };
  const delta = (fields: object, finish_reason: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta: fields, finish_reason }],
  });
  const usage = { prompt_tokens: 14, completion_tokens: 2, total_tokens: 16 };
  return [
    delta({ role: "assistant", content: "A" }),
    delta({ content: " right." }),
    delta({}, "stop"),
    { ...head, choices: [], usage },
  ]
    .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
    .concat("data: [DONE]\n\n")
    .join("");
}
