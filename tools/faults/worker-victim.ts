/** A worker as victim: real coordinator, worker and sidecar, and applications that stream answers through them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startFakeEngine, type FakeEngine } from "../../test/support/fake-engine/fake-engine.ts";
import { gatedText } from "../../test/support/fake-engine/script.ts";
import { freePort } from "../services/ready.ts";
import { startApplications } from "./applications.ts";
import { middleOf, sufferRounds, type Fault, type Row } from "./campaign.ts";
import type { DatabaseServer } from "./database-server.ts";
import { troop } from "./ledger-victims.ts";
import type { Program } from "./program.ts";
import { auditOf, openBooks, readSettled } from "./verdict.ts";

type Role = "coordinator" | "worker" | "client";
const model = "test-model";
const answer = ["a ", "b ", "c ", "d ", "e ", "f ", "g ", "h"];
const wordMs = 10;

export async function tryWorker(
  fault: Fault,
  rounds: number,
  server: DatabaseServer,
): Promise<Row> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "troop-faults-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const url = await server.createDatabase(`faults_${Date.now()}`);
  const engine = stack.use(
    await startFakeEngine({ script: gatedText(...answer), models: [model] }),
  );
  void pace(engine);

  const ports = {
    coordinator: await freePort(),
    worker: await freePort(),
    client: await freePort(),
  };
  const to = ["--coordinator", `http://127.0.0.1:${ports.coordinator}`];
  const words: Record<Role, string[]> = {
    coordinator: ["coordinator"],
    worker: ["worker", ...to, "--engine", engine.origin],
    client: ["up", ...to],
  };
  const programs = new Map<Role, Program>();
  stack.defer(async () => {
    await Promise.all([...programs.values()].map((program) => program.kill()));
  });
  const start = async (role: Role) => {
    const place = ["--json", "--data", join(folder, role), "--port", String(ports[role])];
    const program = troop([...words[role], ...place], { DATABASE_URL: url });
    programs.set(role, program);
    await program.firstLine;
  };
  for (const role of ["coordinator", "worker", "client"] as const) await start(role);

  const applications = startApplications(
    `http://127.0.0.1:${ports.client}`,
    model,
    answer.join(""),
  );
  const victim = { program: () => programs.get("worker")!, start: () => start("worker") };
  const pressure = { done: applications.answered, works: applications.nextAnswer };
  const seconds = await sufferRounds(rounds, fault, victim, pressure);
  await applications.finish();
  await delivered([ports.worker, ports.client]);

  const database = await openBooks({ url });
  try {
    const rows = [...(await readSettled(database)).values()];
    const settled = rows.filter(({ state, verdict }) => state === "settled" && verdict === "ok");
    return {
      ...{ victim: "worker", fault, rounds },
      acknowledged: applications.answered(),
      lost: Math.max(0, applications.answered() - settled.length),
      // Nobody pays for more answers than were asked for, nor twice for one.
      doubleCharges:
        rows.filter(({ paid, charged }) => paid !== charged).length +
        Math.max(0, settled.length - applications.asked()),
      offences: await auditOf(database),
      retried: applications.cut(),
      converged: applications.cut(),
      worstSeconds: Math.max(...seconds),
      medianSeconds: middleOf(seconds),
    };
  } finally {
    await database.destroy();
  }
}

/** Answers take time, so that a worker is in the middle of some whenever something happens to it. */
async function pace(engine: FakeEngine): Promise<void> {
  for (;;) {
    await engine.requests.next();
    // One gate before each word and one before the end.
    for (let word = 1; word <= answer.length + 1; word += 1)
      setTimeout(() => engine.next(), word * wordMs).unref();
  }
}

/** Waits until neither side has anything left to tell the coordinator. */
async function delivered(ports: readonly number[]): Promise<void> {
  for (let left = 1_200; left > 0; left -= 1) {
    const waiting = await Promise.all(
      ports.map(async (port) => {
        const status = await fetch(`http://127.0.0.1:${port}/status`);
        const said = (await status.json()) as Record<string, number>;
        return (said["receipts_waiting"] ?? 0) + (said["pending_acknowledgements"] ?? 0);
      }),
    );
    if (waiting.every((count) => count === 0)) return;
    await pause(50);
  }
  throw new Error("the outboxes do not empty");
}
