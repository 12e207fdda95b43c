/** An engine of which a test sees every byte: an HTTP server that keeps what it got and answers what it is told to. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Engine } from "../../../src/worker/engines/engine.ts";
import type { FakeEngine } from "./fake-engine.ts";

export interface BareRequest {
  method: string;
  /** The request's target as it was written. */
  target: string;
  /** Names and values as they were written, in turn. */
  rawHeaders: readonly string[];
  body: string;
}

export interface BareEngine extends AsyncDisposable {
  readonly requests: readonly BareRequest[];
  /** Connections that were opened. */
  readonly connections: number;
  /** For `startTestWorker`: the scripted engine's driver, pointed here. */
  drive(fake: FakeEngine): Engine;
}

export type Answering = (request: BareRequest, response: ServerResponse) => void;

export async function startBareEngine(answer: Answering): Promise<BareEngine> {
  const requests: BareRequest[] = [];
  let connections = 0;
  async function take(request: IncomingMessage, response: ServerResponse) {
    const { method = "", url = "", rawHeaders } = request;
    const taken = { method, target: url, rawHeaders, body: await text(request) };
    requests.push(taken);
    answer(taken, response);
  }
  const server = createServer((request, response) => {
    void take(request, response).catch(() => response.destroy());
  });
  server.on("connection", () => (connections += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    requests,
    get connections() {
      return connections;
    },
    drive: ({ engine }) => ({ ...engine, origin }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A short, proper stream. */
export function answerShortly(_request: BareRequest, response: ServerResponse): void {
  const event = (fields: object) => `data: ${JSON.stringify(fields)}\n\n`;
  const choice = { index: 0, delta: { content: "ok" }, finish_reason: "stop" };
  const usage = { prompt_tokens: 1, completion_tokens: 1 };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(`${event({ choices: [choice] })}${event({ choices: [], usage })}data: [DONE]\n\n`);
}
