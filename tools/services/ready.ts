/** Free loopback ports, and waiting until a server on one of them answers. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { KeptServer } from "./kept-server.ts";

export const loopback = "127.0.0.1";

const lowestPort = 20_000;
const highestPort = 32_000;
const patienceMs = 20_000;
const pauseMs = 20;

/**
 * A port that nobody listens on, below the range from which the system gives ports to outgoing connections: one of
 * those could take it before the server does, and a client that polls could even connect to itself. It is given to
 * nobody else while this process lives, so that a server finds it again after a restart.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort));
    if ((await isKept(port)) && (await canListen(port))) return port;
  }
}

/** By a UDP socket of the same number, which no server of ours wants: it goes with the process, however that ends. */
async function isKept(port: number): Promise<boolean> {
  const mark = createSocket("udp4").bind(port, loopback);
  try {
    await once(mark, "listening");
  } catch {
    mark.close();
    return false;
  }
  mark.unref();
  return true;
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer().listen(port, loopback);
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

/**
 * Tries `connect` until it succeeds. A server tells nobody when it becomes ready, so this is the one place that polls.
 * Rejects as soon as the server has ended by itself.
 */
export async function untilReady(server: KeptServer, connect: () => Promise<void>): Promise<void> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      const failure = server.failure();
      if (failure !== undefined) throw new Error(failure, { cause: error });
      if (performance.now() > end) throw new Error("the server does not answer", { cause: error });
      await pause(pauseMs);
    }
  }
}
