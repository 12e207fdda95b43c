/** A private Redis that keeps nothing: on a free loopback port, gone when disposed. */
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKeptServer, type RunningService } from "./kept-server.ts";
import { pathOf, programs } from "./programs.ts";
import { freePort, loopback, untilReady } from "./ready.ts";

/** One database per test file; an unused one costs a few bytes. */
const databases = 4096;

export async function startRedis(): Promise<RunningService> {
  const folder = await mkdtemp(join(tmpdir(), "monkey-troop-redis-"));
  const port = await freePort();
  const settings = {
    port,
    bind: loopback,
    dir: folder,
    save: "",
    appendonly: "no",
    databases,
    loglevel: "warning",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = startKeptServer({
    command: [pathOf(programs.redis), ...options],
    stopSignal: "TERM",
    folder,
  });
  try {
    await untilReady(server, () => ping(port));
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return {
    url: `redis://${loopback}:${port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Rejects unless a Redis answers there. */
export async function ping(port: number): Promise<void> {
  const socket = connect(port, loopback);
  try {
    await once(socket, "connect");
    socket.write("PING\r\n");
    const [answer] = await once(socket, "data");
    if (String(answer) !== "+PONG\r\n") throw new Error(`Redis answered ${String(answer)}`);
  } finally {
    socket.destroy();
  }
}
