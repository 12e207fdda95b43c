/**
 * A worker or a relay as victim: real coordinator, worker and sidecar, and applications that stream answers through
 * them. Where the relay suffers there is no other way to the worker.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startFakeEngine, type FakeEngine } from "../../test/support/fake-engine/fake-engine.ts";
import { gatedText } from "../../test/support/fake-engine/script.ts";
import { freePort } from "../services/ready.ts";
import { startApplications, streams, type Applications } from "./applications.ts";
import { middleOf, sufferRounds, type Fault, type Row } from "./campaign.ts";
import type { DatabaseServer } from "./database-server.ts";
import { troop } from "./ledger-victims.ts";
import { privateHost } from "./private-host.ts";
import type { Program } from "./program.ts";
import { auditOf, openBooks, readSettled, type Verdict } from "./verdict.ts";

type Role = "coordinator" | "relay" | "worker" | "client";
const model = "test-model";
const answer = ["a ", "b ", "c ", "d ", "e ", "f ", "g ", "h"];
const wordMs = 10;
/** A worker whose connections break sooner than after 10 s waits longer and longer before it dials again. */
const relayRestMs = 10_500;

export async function tryNetwork(
  name: "worker" | "relay",
  fault: Fault,
  rounds: number,
  server: DatabaseServer,
): Promise<Row> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "troop-faults-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const url = await server.createDatabase(`faults_${Date.now()}`);
  const engine = stack.use(
    await startFakeEngine({
      ...{ script: gatedText(...answer), models: [model], type: "llama-server", slots: streams },
    }),
  );
  void pace(engine);

  const isRelayed = name === "relay";
  const host = isRelayed ? stack.use(privateHost()).host : "127.0.0.1";
  const at = async (on: string) => `${on}:${await freePort()}`;
  const places: Record<Role, string> = {
    ...{ coordinator: await at(host), relay: await at(host) },
    ...{ worker: await at("127.0.0.1"), client: await at("127.0.0.1") },
  };
  const to = ["--coordinator", `http://${places.coordinator}`];
  const relayUrl = `http://${places.relay}`;
  const words: Record<Role, string[]> = {
    coordinator: ["coordinator", "--public-url", `http://${places.coordinator}`],
    relay: ["relay", ...to],
    worker: ["worker", ...to, "--engine", engine.origin, "--relay", isRelayed ? relayUrl : "off"],
    client: ["up", ...to],
  };
  const environment = { DATABASE_URL: url, ...(isRelayed && { RELAYS_ALLOWED: relayUrl }) };
  const programs = new Map<Role, Program>();
  stack.defer(async () => {
    await Promise.all([...programs.values()].map((program) => program.kill()));
  });
  const start = async (role: Role) => {
    const where = role === "client" ? ["--port", portOf(places[role])] : ["--listen", places[role]];
    const own = ["--json", "--data", join(folder, role), ...where];
    const program = troop([...words[role], ...own], environment);
    programs.set(role, program);
    await program.firstLine;
  };
  await start("coordinator");
  if (isRelayed) await start("relay");
  await start("worker");
  await start("client");

  const applications = startApplications(`http://${places.client}`, model, answer.join(""));
  const victim = {
    program: () => programs.get(name)!,
    start: () => start(name),
    restMs: isRelayed ? relayRestMs : 0,
  };
  const pressure = { done: applications.answered, works: applications.nextAnswer };
  const seconds = await sufferRounds(rounds, fault, victim, pressure);
  await applications.finish();
  await delivered([places.worker, places.client]);
  const dead = [...programs].filter(([, { isRunning }]) => !isRunning);
  const verdict = await judgeNetwork(url, applications);
  return {
    ...{ victim: name, fault, rounds },
    ...verdict,
    offences: [
      ...verdict.offences,
      ...applications.offences,
      ...dead.map(([role]) => `the ${role} died`),
    ],
    retried: applications.cut(),
    converged: applications.cut(),
    worstSeconds: Math.max(...seconds),
    medianSeconds: middleOf(seconds),
  };
}

const portOf = (place: string): string => place.split(":")[1]!;

async function judgeNetwork(url: string, { answered, asked }: Applications): Promise<Verdict> {
  const database = await openBooks({ url });
  try {
    const rows = [...(await readSettled(database)).values()];
    const settled = rows.filter(({ state, verdict }) => state === "settled" && verdict === "ok");
    return {
      acknowledged: answered(),
      lost: Math.max(0, answered() - settled.length),
      // Nobody pays for more answers than were asked for, nor twice for one.
      doubleCharges:
        // What was given back costs nothing.
        rows.filter(({ state, paid, charged }) => charged !== (state === "reversed" ? 0n : paid))
          .length + Math.max(0, settled.length - asked()),
      offences: await auditOf(database),
    };
  } finally {
    await database.destroy();
  }
}

/** Answers take time, so that some are under way whenever something happens. */
async function pace(engine: FakeEngine): Promise<void> {
  for (;;) {
    await engine.requests.next();
    // One gate before each word and one before the end.
    for (let word = 1; word <= answer.length + 1; word += 1)
      setTimeout(() => engine.next(), word * wordMs).unref();
  }
}

/** Waits until neither side has anything left to tell the coordinator. */
async function delivered(places: readonly string[]): Promise<void> {
  for (let left = 1_200; left > 0; left -= 1) {
    const waiting = await Promise.all(
      places.map(async (place) => {
        const status = await fetch(`http://${place}/status`);
        const said = (await status.json()) as Record<string, number>;
        return (said["receipts_waiting"] ?? 0) + (said["pending_acknowledgements"] ?? 0);
      }),
    );
    if (waiting.every((count) => count === 0)) return;
    await pause(50);
  }
  throw new Error("the outboxes do not empty");
}
