/** Stands before several coordinators: each connection goes to the next of them, and to another where that one is gone. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { loopback } from "../services/ready.ts";

export interface Balancer extends AsyncDisposable {
  readonly url: string;
}

/** @param ports of those behind it */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let turn = 0;

  const server = createServer((client) => {
    keep(client);
    turn += 1;
    reach(client, turn, ports.length);
  });

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  }

  /** @param left how many are still to be tried */
  function reach(client: Socket, from: number, left: number): void {
    if (left === 0) return void client.destroy();
    const chosen = connect(ports[from % ports.length]!, loopback);
    keep(chosen);
    const tryNext = () => reach(client, from + 1, left - 1);
    chosen.once("error", tryNext);
    chosen.once("connect", () => {
      chosen.off("error", tryNext);
      // Whichever end breaks, the other is told.
      chosen.on("close", () => client.destroy());
      client.on("close", () => chosen.destroy());
      client.pipe(chosen).pipe(client);
    });
  }

  await once(server.listen(0, loopback), "listening");
  return {
    url: `http://${loopback}:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
