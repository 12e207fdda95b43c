/** A wire that remembers: forwards every connection, and keeps every byte that went over it in either direction. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Recorder extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly address: string;
  readonly url: string;
  /** One buffer for each connection and direction, whole, so that nothing hides at a packet's edge. */
  captured(): Buffer[];
}

/** @param target `host:port`, asked for with each connection; undefined: everything is taken in, nothing answered */
export async function startRecorder(target: () => string | undefined): Promise<Recorder> {
  const captures: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    // A test that ends breaks connections.
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  };
  const record = (socket: Socket) => {
    const chunks: Buffer[] = [];
    captures.push(chunks);
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  };
  const server = createServer((near) => {
    keep(near);
    record(near);
    const to = target();
    if (to === undefined) return;
    const { hostname: host, port } = new URL(`http://${to}`);
    const far = connect({ host, port: Number(port) });
    keep(far);
    record(far);
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroySoon());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ address, url: `http://${address}` },
    captured: () => captures.map((chunks) => Buffer.concat(chunks)),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, "close");
    },
  };
}
