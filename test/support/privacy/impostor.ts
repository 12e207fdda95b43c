/** A machine of the attacker's where a node should be: records what it gets, and answers as it is told. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sealedMediaType } from "../../../src/protocol/version.ts";
import { type Recorder, startRecorder } from "./recorder.ts";

export type Impersonation = (response: ServerResponse) => void;

/** Bytes that look like a sealed answer. */
export const noise: Impersonation = (response) => {
  response.writeHead(200, { "content-type": sealedMediaType });
  response.end(Buffer.alloc(4_096, 7));
};

export const otherKey =
  (statement: string): Impersonation =>
  (response) => {
    const [type, code] = ["invalid_request_error", "session_unknown"];
    const error = { message: "no", type, param: null, code };
    const details = { key_statement: statement };
    response.writeHead(409, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { ...error, details }, request_id: "r" }));
  };

export interface Impostor extends AsyncDisposable {
  readonly recorder: Recorder;
  answer: Impersonation;
}

export async function startImpostor(): Promise<Impostor> {
  const server = createServer((request, response) => {
    request.resume().once("end", () => impostor.answer(response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const recorder = await startRecorder(() => `127.0.0.1:${port}`);
  const impostor: Impostor = {
    ...{ recorder, answer: noise },
    async [Symbol.asyncDispose]() {
      await recorder[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return impostor;
}
