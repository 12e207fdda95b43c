/** Redis on a port of its own, killed as a whole: it comes back with nothing in it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathOf, programs } from "../services/programs.ts";
import { freePort, loopback } from "../services/ready.ts";
import { ping } from "../services/redis.ts";
import { startProgram, type Program } from "./program.ts";

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  program(): Program;
  /** Resolves when it serves. */
  start(): Promise<void>;
}

export async function startRedisServer(): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "monkey-troop-faults-"));
  const port = await freePort();
  const settings = ["--port", String(port), "--bind", loopback, "--dir", folder];
  const command = [pathOf(programs.redis), ...settings, "--save", "", "--appendonly", "no"];
  let program: Program | undefined;
  const server: RedisServer = {
    url: `redis://${loopback}:${port}`,
    program: () => program!,
    async start() {
      program = startProgram(command);
      await untilServed(port);
    },
    async [Symbol.asyncDispose]() {
      await program?.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

async function untilServed(port: number): Promise<void> {
  for (let left = 600; ; left -= 1) {
    try {
      return await ping(port);
    } catch (error) {
      if (left === 0) throw error;
      await pause(20);
    }
  }
}
