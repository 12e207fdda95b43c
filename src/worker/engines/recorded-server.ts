/** For tests: serves recorded answers of an engine on a loopback port. The answers themselves are in `recorded-*.ts`. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

/** A value is answered as JSON, a string as server-sent events or plain text, a function decides itself. */
export type Recorded = unknown;
export type Routes = Readonly<Record<string, Recorded>>;

/** What one version of an engine answers. Ids and sizes are examples of the document. */
export interface Recording {
  /** The document that it was made from, and the version of the engine that this describes. */
  document: string;
  routes: Routes;
  /** For paths that are not among the routes; else they are not found. */
  otherwise?: Recorded;
}

/** A refusal under a status of its own. */
const refusal = (status: number) => ({ status, error: { message: "no" } });
type Refuse = typeof refusal;
type Answering = (request: IncomingMessage, body: string, refuse: Refuse) => unknown;
const statusOf = (answer: unknown): number =>
  typeof answer === "object" && answer !== null && "status" in answer ? Number(answer.status) : 200;

export interface RecordedServer {
  origin: string;
  /** `METHOD /path` of what was asked, in order. */
  readonly asked: string[];
  /** Idempotent. */
  stop(): Promise<void>;
}

export async function serveRecorded(
  { routes, otherwise }: Pick<Recording, "routes" | "otherwise">,
  { headers = {} }: { headers?: Record<string, string> } = {},
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
        typeof found === "function" ? (found as Answering)(request, body, refusal) : found;
      const isText = typeof answer === "string";
      const type = isText && answer.startsWith("data:") ? "text/event-stream" : "application/json";
      const isRefusal = typeof found === "function";
      const status = answer === undefined ? 404 : isRefusal ? statusOf(answer) : 200;
      response.writeHead(status, { "content-type": type, ...headers });
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
