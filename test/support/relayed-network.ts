/** Coordinator, relay and worker as processes of their own; the client and the scripted engine are the test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import {
  type CoordinatorClient,
  createCoordinatorClient,
} from "../../src/host/coordinator-client.ts";
import type { Signer } from "../../src/protocol/signature.ts";
import { freePort } from "../../tools/services/ready.ts";
import { makeSigner } from "../network.ts";
import { type FakeEngine, startFakeEngine } from "./fake-engine/fake-engine.ts";
import type { Script } from "./fake-engine/script.ts";
import { createFolder, lastObject, type Running, startTroop } from "./processes.ts";
import { createDatabase } from "./services.ts";
import { type BoughtTicket, buyTicket } from "./tickets.ts";

export interface RelayedNetwork extends AsyncDisposable {
  engine: FakeEngine;
  calls: CoordinatorClient;
  requester: Signer;
  relay: () => Running;
  worker: Running;
  /** Where clients post, less `/infer`. */
  url: string;
  ticket(): Promise<BoughtTicket>;
  startRelay(): Promise<void>;
}

/** @param slots of the engine */
export async function startRelayedNetwork(script: Script, slots = 4): Promise<RelayedNetwork> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await createDatabase());
  const folder = stack.use(await createFolder());
  const engine = stack.use(await startFakeEngine({ script, slots, type: "llama-server" }));
  const [coordinatorPort, relayPort] = [await freePort(), await freePort()];
  const coordinatorUrl = `http://127.0.0.1:${coordinatorPort}`;
  const relayUrl = `http://127.0.0.1:${relayPort}`;
  const programs = stack.use(new AsyncDisposableStack());
  const start = async (words: string[], ready: RegExp): Promise<Running> => {
    const program = programs.use(
      startTroop([...words, "--json", "--data", join(folder.path, words[0]!)], {
        environment: {
          ...{ DATABASE_URL: store.url, LOG_LEVEL: "info", RELAYS_ALLOWED: relayUrl },
        },
      }),
    );
    await program.line(ready);
    return program;
  };
  const ready = /^\{"(url|node_id)":.*\n/m;
  const at = ["--coordinator", coordinatorUrl];
  await start(["coordinator", "--port", String(coordinatorPort)], ready);
  const startRelay = () => start(["relay", ...at, "--port", String(relayPort)], ready);
  let relay = await startRelay();
  const worker = await start(
    ["worker", ...at, "--engine", engine.origin, "--relay", relayUrl, "--port", "0"],
    ready,
  );
  const { node_id: node } = lastObject(worker) as { node_id: string };
  const calls = stack.use(
    createCoordinatorClient({ url: coordinatorUrl, clock: systemClock, random: systemRandom }),
  );
  const requester = await makeSigner();
  const all = stack.move();
  return {
    ...{ engine, calls, requester, worker },
    relay: () => relay,
    url: `${relayUrl}/relay/${node}`,
    ticket: () => buyTicket(calls, requester, node),
    async startRelay() {
      relay = await startRelay();
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** What a process holds in memory at this moment, in bytes, as the system says. */
export function residentBytes({ pid }: Running): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Number(kibibytes) * 1_024;
}
