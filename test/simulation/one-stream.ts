/**
 * A small world in which nothing goes wrong by itself: workers lend the same, and a client streams one answer. What
 * becomes of it, and who is killed on the way, is for whoever watches; in the end the books must say what happened.
 */
import { createClientActor } from "./actors/client.ts";
import { createWorkerActor, type WorkerActor } from "./actors/worker.ts";
import { checkEndings } from "./checks/endings.ts";
import type { Violation } from "./checks/violations.ts";
import type { DiskPool } from "./disk-pool.ts";
import { heartbeatMs, hour, layGround, minute, settleAll, startMs } from "./ground.ts";
import type { StoredRequest } from "./ledger/tables.ts";
import { seededRandom } from "./world/random.ts";
import { createWire } from "./world/wire.ts";

/** What a watcher draws and does. */
export interface Stage {
  draw: ReturnType<typeof seededRandom>;
  workers: readonly WorkerActor[];
  /** Does something within so many ms. */
  within(ms: number, what: () => void): void;
}

export interface OneStream {
  violations: readonly Violation[];
  /** Requests in the books, and those of them that reached an engine, one for each time. */
  rows: readonly StoredRequest[];
  runs: readonly (StoredRequest | undefined)[];
  /** How often micro-credits moved, request by request and leg by leg. */
  payments: ReadonlyMap<string, number>;
}

export interface StreamOptions {
  seed: number;
  disks: DiskPool;
  workerNames: readonly string[];
  /** Hears of all that happens. @returns whether the answer has ended with it, well or not */
  watch(line: string, stage: Stage): boolean;
}

const model = "small:1b";
const firstPort = 9_000;

export async function simulateOneStream(options: StreamOptions): Promise<OneStream> {
  const { disks } = options;
  const random = seededRandom(options.seed);
  const draw = random.fork("kill");
  let isOver = false;
  const multipliers = new Map<string, number>();
  const workers: WorkerActor[] = [];
  const ground = await layGround({
    ...{ random, beginMs: startMs, hasRealKeys: false, multipliers },
    note(line) {
      const text = line();
      if (text.startsWith("client asks (1)")) client.retire();
      isOver = options.watch(text, stage) || isOver;
    },
  });
  const { world, tables, violations, violate, coordinator, until } = ground;
  const { scheduler, keys, truth } = world;
  const stage: Stage = {
    ...{ draw, workers },
    within: (ms, what) => scheduler.at(draw.between(0, ms), "the kill", what),
  };
  world.faults.heal();
  const wire = createWire(world, () => undefined);
  const common = { world, wire, coordinator, violate, isHonest: true, skewMs: 0 };
  const account = await keys.signer();
  const client = createClientActor({
    ...{ ...common, name: "client", account, mouth: account, disk: disks.take() },
    ...{ models: [model], maxBudget: undefined, asksEveryMs: 1_000 },
  });
  for (const [index, name] of options.workerNames.entries()) {
    const node = await keys.signer();
    multipliers.set(node.id, 3_000);
    workers.push(
      createWorkerActor({
        ...{ ...common, name, port: firstPort + index, node, mouth: node, disk: disks.take() },
        ...{ owner: await keys.signer(), heartbeatMs },
        traits: { slots: 2, models: [model], exaggerates: 1, drags: 1 },
      }),
    );
  }

  coordinator.machine.boot();
  for (const { machine } of workers) machine.boot();
  const unrest = () => workers.map((worker) => worker.unrest()).join("");
  await until(minute, () => unrest() === "", 1_000);
  client.machine.boot();
  await until(30 * minute, () => isOver, 1_000);
  const isQuiet = () => isOver && unrest() + client.unrest() === "";
  if (!(await until(3 * hour, isQuiet, 5_000))) violate(`not quiet: ${unrest()}${client.unrest()}`);
  for (const { machine } of [...workers, client]) machine.halt();
  await settleAll(ground);
  ground.audit();
  checkEndings({ tables, truth, workers, clients: [client], violate });
  scheduler.end();

  const payments = new Map<string, number>();
  for (const { of, kind } of tables.transfers.values()) {
    if (kind !== "request" || !of) continue;
    const leg = `${of.hold}.${of.k}.${of.leg}`;
    payments.set(leg, (payments.get(leg) ?? 0) + 1);
  }
  const rows = [...tables.requests.values()].flatMap((ofHold) => [...ofHold.values()]);
  const runs = [...truth.runs.values()].map(({ hold, k }) => tables.requests.get(hold)?.get(k));
  return { violations: violations.all, rows, runs, payments };
}
