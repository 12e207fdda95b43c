/** A network as people run it: `troop coordinator` on PostgreSQL, `troop worker`, `troop up`, with accounts of their own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, loopback, untilReady } from "../../tools/services/ready.ts";
import { requestBody } from "./answer.ts";
import { startCommand, untilListening, type Running } from "./processes.ts";

export interface TroopNetwork extends AsyncDisposable {
  /** The sidecar's. */
  origin: string;
  sidecar: number;
  worker: number;
  /** Resolves once neither side has anything left to tell the coordinator: what is done later is work too. */
  settled(): Promise<void>;
}

export interface TroopOptions {
  database: string;
  engineOrigin: string;
  /** Where CPU profiles of sidecar and worker go. */
  profiles?: string | undefined;
}

const main = join(import.meta.dirname, "..", "..", "src", "main.ts");
/** No account may run out of credits in a long run. */
const plenty = { STARTER_CREDITS: "100000000", FAUCET_DAILY: "100000000000" };
const patienceMs = 60_000;
/** Answering is work of the processes that are measured. */
const betweenLooksMs = 1_000;

type Role = "coordinator" | "worker" | "client";

export async function startTroop(options: TroopOptions): Promise<TroopNetwork> {
  const { database, engineOrigin, profiles } = options;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "troop-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const start = async (role: Role, words: string[], environment = {}) => {
    const port = await freePort();
    const isProfiled = profiles !== undefined && role !== "coordinator";
    const flags = isProfiled ? ["--cpu-prof", "--cpu-prof-dir", join(profiles, role)] : [];
    const place = ["--json", "--data", join(folder, role), "--port", String(port)];
    const server: Running = stack.use(
      startCommand(
        [process.execPath, ...flags, main, ...words, ...place],
        { LOG_LEVEL: "error", OWNER_WATCH: "off", TROOP_API_KEY: "any", ...environment },
        // A profile is written at an orderly end.
        isProfiled ? "SIGTERM" : "SIGKILL",
      ),
    );
    await untilListening(server, port);
    return { server, origin: `http://${loopback}:${port}` };
  };

  const coordinator = await start("coordinator", ["coordinator"], {
    DATABASE_URL: database,
    ...plenty,
  });
  const to = ["--coordinator", coordinator.origin];
  const worker = await start("worker", ["worker", ...to, "--engine", engineOrigin]);
  const client = await start("client", ["up", ...to]);
  await untilReady(client.server, () => askOnce(client.origin));

  const resources = stack.move();
  return {
    origin: client.origin,
    sidecar: client.server.pid,
    worker: worker.server.pid,
    async settled() {
      const end = performance.now() + patienceMs;
      while ((await waitingAt(worker.origin)) + (await waitingAt(client.origin)) > 0) {
        if (performance.now() > end) throw new Error("the outboxes do not empty");
        await pause(betweenLooksMs);
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The node is listed with its first heartbeat, so that the first question may find nobody. */
async function askOnce(origin: string): Promise<void> {
  const response = await fetch(`${origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: requestBody({ words: 1, pauseMs: 0, isHeld: false }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the sidecar answers ${response.status}: ${text}`);
}

async function waitingAt(origin: string): Promise<number> {
  const status = (await (await fetch(`${origin}/status`)).json()) as Record<string, number>;
  return (status["receipts_waiting"] ?? 0) + (status["pending_acknowledgements"] ?? 0);
}
