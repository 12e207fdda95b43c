/**
 * Whoever holds the coordinator's URL: passes everything on and records it, and can alter its answers as a
 * coordinator could that wants to read along.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { json } from "node:stream/consumers";
import type { z } from "zod";
import type { AuthorizeAnswer } from "../../../src/protocol/endpoints.ts";
import type { peersAnswer } from "../../../src/protocol/offers.ts";
import type { Peer } from "../../../src/protocol/node.ts";
import { type Recorder, startRecorder } from "./recorder.ts";

export interface MaliciousCoordinator extends AsyncDisposable {
  readonly url: string;
  readonly recorder: Recorder;
  aim(coordinatorUrl: string): void;
  /** What becomes of each ticket's answer. */
  alter: (answer: AuthorizeAnswer) => AuthorizeAnswer | Promise<AuthorizeAnswer>;
  /** What becomes of each node in a list. */
  alterPeer: (peer: Peer) => Peer;
}

export async function startBetween(): Promise<MaliciousCoordinator> {
  let target = "";
  const server = createServer((incoming, response) => forward(incoming, response));
  server.on("upgrade", (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const { hostname, port } = new URL(target);
    const far = connect({ host: hostname, port: Number(port) });
    const lines = incoming.rawHeaders.reduce(
      (text, word, index) => text + word + (index % 2 === 0 ? ": " : "\r\n"),
      `${incoming.method} ${incoming.url} HTTP/1.1\r\n`,
    );
    far.write(`${lines}\r\n`);
    far.write(head);
    for (const end of [socket, far]) end.on("error", () => undefined);
    socket.pipe(far).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const recorder = await startRecorder(() => `127.0.0.1:${port}`);

  function forward(incoming: IncomingMessage, response: ServerResponse) {
    const { method, url, headers } = incoming;
    const outgoing = request(`${target}${url}`, { method: method!, headers, agent: false });
    outgoing.once("response", (answer) => void pass(url, answer, response));
    outgoing.once("error", () => response.destroy());
    incoming.pipe(outgoing);
    response.once("close", () => outgoing.destroy());
  }

  async function pass(url: string | undefined, answer: IncomingMessage, response: ServerResponse) {
    const { "content-length": _length, ...headers } = answer.headers;
    response.writeHead(answer.statusCode!, headers);
    const { pathname } = new URL(target + url);
    const isOurs = pathname === "/authorize" || pathname === "/peers";
    if (!isOurs || answer.statusCode !== 200) return void answer.pipe(response);
    const body = await json(answer);
    const altered =
      pathname === "/authorize"
        ? await between.alter(body as AuthorizeAnswer)
        : alterList(body as z.infer<typeof peersAnswer>);
    response.end(JSON.stringify(altered));
  }

  const alterList = (list: z.infer<typeof peersAnswer>) => ({
    ...list,
    nodes: list.nodes.map((peer) => between.alterPeer(peer)),
  });

  const between: MaliciousCoordinator = {
    ...{ url: recorder.url, recorder, alter: (answer) => answer, alterPeer: (peer) => peer },
    aim(coordinatorUrl) {
      target = coordinatorUrl;
    },
    async [Symbol.asyncDispose]() {
      await recorder[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return between;
}
