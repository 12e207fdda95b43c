/** A way to a Redis or PostgreSQL that tests cut, and open again. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "../../tools/services/ready.ts";

/** @param port of the server; none: whoever comes hears nothing */
export function createWay(port?: number) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const other = port === undefined ? undefined : connect(port, "127.0.0.1");
    for (const end of other ? [socket, other] : [socket])
      sockets.add(end.on("error", () => end.destroy()));
    if (other) socket.pipe(other).pipe(socket);
  });
  const cut = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  /** Whatever is sent over the connections there are arrives nowhere, and nobody says so. */
  const silence = () => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  const open = async (at?: number): Promise<number> => {
    const place = at ?? (await freePort());
    await once(server.listen(place, "127.0.0.1"), "listening");
    return place;
  };
  return { open, cut, silence, [Symbol.asyncDispose]: cut };
}
