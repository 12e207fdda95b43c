/**
 * The child process of the built-in engine: loads one model and serves it on a loopback port.
 * A process of its own because llama.cpp may crash on a bad file, and must not take the worker with it.
 * It takes its orders over IPC and lives no longer than that channel.
 */
import type { AddressInfo } from "node:net";
import { systemClock } from "../../../base/clock.ts";
import { systemRandom } from "../../../base/random.ts";
import { createFront } from "./front.ts";
import { LoadError, loadEngine } from "./load.ts";
import type { ChildMessage, StartMessage } from "./messages.ts";

const loopback = "127.0.0.1";

/** Resolves when the message is with the parent, so that exiting afterwards loses nothing. */
const tell = (message: ChildMessage): Promise<void> =>
  new Promise((resolve) => void process.send!(message, undefined, undefined, () => resolve()));

async function serve(start: StartMessage): Promise<void> {
  try {
    const engine = await loadEngine(start);
    const { key } = start;
    const server = createFront({ engine, key, clock: systemClock, random: systemRandom });
    // The port of before is wished for after a restart, but another program may have it by now.
    server.once("error", () => server.listen(0, loopback));
    server.once("listening", () => {
      const { port } = server.address() as AddressInfo;
      void tell({ kind: "ready", port, model: engine.info });
    });
    server.listen(start.port, loopback);
  } catch (error) {
    const step = error instanceof LoadError ? error.step : "engine";
    const message = error instanceof Error ? error.message : String(error);
    await tell({ kind: "failed", step, message });
    process.exit(1);
  }
}

process.once("message", (message) => void serve(message as StartMessage));
process.once("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the worker finishes its streams first and then lets go of us.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
if (!process.send) process.exit(2);
