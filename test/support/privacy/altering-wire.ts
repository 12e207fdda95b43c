/** A wire between client and worker that knows where each sealed frame begins and ends, and can alter any of them. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** The salt, where there is one, and then each frame with its header. */
export type Pieces = readonly Buffer[];
export type Alteration = (pieces: Pieces) => Pieces;

export interface AlteringWire extends AsyncDisposable {
  readonly address: string;
  request: Alteration;
  answer: Alteration;
  /** Sends each request twice; the second answer is the one that is passed on. */
  isReplaying: boolean;
  /** Of the last exchange, before anything was altered. */
  readonly last: { request: Pieces; answer: Pieces };
  /** Called when another whole piece of an answer has come, with their number so far. */
  onPiece: (count: number) => Promise<void> | void;
}

const saltBytes = 32;
const headerBytes = 4;

/** Whole pieces only. */
function piecesOf(bytes: Buffer, startBytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (let size = startBytes; ;) {
    if (size === 0) {
      if (at + headerBytes > bytes.length) return pieces;
      size = headerBytes + (bytes.readUInt32BE(at) & 0x7fff_ffff);
    }
    if (at + size > bytes.length) return pieces;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
    size = 0;
  }
}

export async function startAlteringWire(target: () => string): Promise<AlteringWire> {
  const server = createServer((incoming, response) => {
    void pass(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  async function pass(incoming: IncomingMessage, response: ServerResponse) {
    const sent = piecesOf(await buffer(incoming), 0);
    const body = Buffer.concat(wire.request(sent));
    if (wire.isReplaying) await buffer(await forward(incoming, body));
    const answer = await forward(incoming, body);
    const { statusCode: status = 0, headers } = answer;
    response.writeHead(status, headers);
    // A refusal in the open has no frames.
    if (status !== 200) return void answer.pipe(response);
    const received = await collect(answer);
    wire.last = { request: sent, answer: received };
    response.end(Buffer.concat(wire.answer(received)));
  }

  async function forward(incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { "content-length": _length, ...headers } = incoming.headers;
    const outgoing = request(`${target()}${incoming.url}`, {
      ...{ method: "POST", headers, agent: false },
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return answer;
  }

  async function collect(answer: IncomingMessage): Promise<Pieces> {
    let bytes = Buffer.alloc(0);
    let told = 0;
    for await (const chunk of answer) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      const { length } = piecesOf(bytes, saltBytes);
      while (told < length) await wire.onPiece((told += 1));
    }
    return piecesOf(bytes, saltBytes);
  }

  const same: Alteration = (pieces) => pieces;
  const wire: AlteringWire & { last: AlteringWire["last"] } = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ request: same, answer: same, isReplaying: false, last: { request: [], answer: [] } },
    onPiece: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return wire;
}
