/**
 * A small world in which nothing goes wrong but one thing: a client streams one answer, and the worker is killed at one
 * point of it. It starts again, everybody's outboxes empty, a day passes, and the books must say what became of it.
 */
import type { StoredRequest } from "./ledger/tables.ts";
import { createClientActor } from "./actors/client.ts";
import { createCoordinatorActor } from "./actors/coordinator.ts";
import { createWorkerActor } from "./actors/worker.ts";
import { createBooksWatch } from "./checks/books-watch.ts";
import { checkEndings } from "./checks/endings.ts";
import { createTruth } from "./checks/truth.ts";
import { createViolations, type Violation } from "./checks/violations.ts";
import type { DiskPool } from "./disk-pool.ts";
import { auditTables } from "./ledger/memory-audit.ts";
import { createMemoryStore } from "./ledger/memory-store.ts";
import { createFaults } from "./world/faults.ts";
import { createHashedKeys } from "./world/keys.ts";
import { createListeningLog } from "./world/log.ts";
import { createNetwork } from "./world/network.ts";
import { seededRandom } from "./world/random.ts";
import { createScheduler } from "./world/scheduler.ts";
import { createWire } from "./world/wire.ts";
import type { World } from "./world/world.ts";

export interface KilledStream {
  violations: readonly Violation[];
  /** Where the worker was when it was killed; undefined where the stream had ended before. */
  point: string | undefined;
  /** What the books say of each request that reached the engine. */
  runs: readonly (StoredRequest | undefined)[];
  /** Requests in the books that never reached the engine: the worker died on the way there. */
  others: readonly StoredRequest[];
  /** Micro-credits that moved, request by request. */
  payments: ReadonlyMap<string, number>;
}

const startMs = 1_800_000_000_000;
const minute = 60_000;
const hour = 60 * minute;
const port = 9_000;
const model = "small:1b";
const starterCredits = 60_000_000n;
/** Touches of the outside between a request's arrival and its receipt's, and a few that come after. */
const mostTouches = 14;
/** An answer takes a few seconds; its receipt leaves within two more. */
const longestMs = 9_000;

export async function simulateKilledStream(seed: number, disks: DiskPool): Promise<KilledStream> {
  const random = seededRandom(seed);
  const draw = random.fork("kill");
  const violations = createViolations(() => scheduler.now - startMs);
  const violate = (what: string) => violations.add(what);
  const scheduler = createScheduler(startMs, () => undefined);
  const faults = createFaults(random.fork("faults"));
  faults.heal();
  const network = createNetwork(scheduler, random.fork("network"), faults);
  const truth = createTruth(scheduler, violations);
  const keys = createHashedKeys(random.fork("keys"));
  let point: string | undefined;
  let hasAsked = false;
  let isOver = false;
  const note = (line: () => string) => {
    const text = line();
    if (text.startsWith("client asks (1)")) begin();
    if (/^client (is|has)/.test(text)) isOver = true;
    if (text.startsWith("worker is killed at ") && hasAsked) point ??= text.slice(20);
  };
  const world: World = {
    ...{ scheduler, random, faults, network, keys, truth, note },
    log: createListeningLog(violate, note),
  };
  const store = createMemoryStore((changes) => watch.committed(changes));
  const { tables } = store;
  const watch = createBooksWatch({
    ...{ tables, truth, starterCredits, violate, now: () => scheduler.now },
    resumedAt: () => coordinator.resumedAt,
  });
  const node = await keys.signer();
  const coordinator = createCoordinatorActor({
    ...{ world, store, starterCredits, violate, faucetDaily: 10_000_000_000n },
    ...{ heartbeatMs: 15_000, multipliers: new Map([[node.id, 3_000]]) },
  });
  const wire = createWire(world, () => undefined);
  const common = { world, wire, coordinator, violate, isHonest: true, skewMs: 0 };
  const account = await keys.signer();
  const client = createClientActor({
    ...{ ...common, name: "client", account, mouth: account, disk: disks.take() },
    ...{ models: [model], maxBudget: undefined, asksEveryMs: 1_000 },
  });
  const worker = createWorkerActor({
    ...{ ...common, name: "worker", port, node, mouth: node, disk: disks.take() },
    ...{ owner: await keys.signer(), heartbeatMs: 15_000 },
    traits: { slots: 2, models: [model], exaggerates: 1, drags: 1 },
  });

  /** The stream begins: from here on each point is as likely as another. */
  function begin(): void {
    hasAsked = true;
    client.retire();
    if (draw.chance(0.7)) return worker.machine.killAt(draw.between(1, mostTouches));
    scheduler.at(draw.between(1, longestMs), "the kill", () => worker.machine.kill());
  }

  const until = async (ms: number, isReached: () => boolean, everyMs = 1_000) => {
    const end = scheduler.now + ms;
    let isDone = false;
    const look = () => {
      isDone = isReached() || scheduler.now >= end;
      if (!isDone) scheduler.at(everyMs, "a look", look);
    };
    look();
    await scheduler.run(() => isDone || violations.all.length > 0);
  };

  coordinator.machine.boot();
  worker.machine.boot();
  await until(minute, () => worker.unrest() === "");
  client.machine.boot();
  await until(30 * minute, () => isOver);
  const unrest = () => worker.unrest() + client.unrest();
  await until(3 * hour, () => isOver && unrest() === "", 5_000);
  if (unrest() !== "") violate(`not quiet: ${unrest()}`);
  worker.machine.halt();
  client.machine.halt();
  coordinator.machine.halt();
  coordinator.jobsEveryMs = hour;
  coordinator.machine.boot();
  const isEmpty = () => tables.openHolds.size === 0 && tables.vesting.size === 0;
  await until(96 * hour, isEmpty, hour);
  for (const { invariant, subject } of auditTables(tables)) violate(`${invariant}: ${subject}`);
  checkEndings({ tables, truth, workers: [worker], clients: [client], violate });
  scheduler.end();

  const payments = new Map<string, number>();
  for (const { of, kind } of tables.transfers.values()) {
    if (kind !== "request" || !of) continue;
    const leg = `${of.hold}.${of.k}.${of.leg}`;
    payments.set(leg, (payments.get(leg) ?? 0) + 1);
  }
  const rows = [...tables.requests.values()].flatMap((ofHold) => [...ofHold.values()]);
  const runs = [...truth.runs.values()].map(({ hold, k }) => tables.requests.get(hold)?.get(k));
  const others = rows.filter((row) => !runs.includes(row));
  return { violations: violations.all, point, runs, others, payments };
}
