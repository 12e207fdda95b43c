/**
 * One world from its seed to its end: clients ask while things go wrong, everything heals, every outbox empties, a day
 * passes, and all must have come out right.
 */
import { createCoordinatorActor } from "./actors/coordinator.ts";
import { beginLongOutage, startChaos } from "./actors/chaos.ts";
import { startCheat } from "./actors/cheat.ts";
import { createClientActor, type ClientActor } from "./actors/client.ts";
import { createLyingClient, createLyingWorker } from "./actors/liars.ts";
import { createThief } from "./actors/thief.ts";
import { createWorkerActor, type WorkerActor } from "./actors/worker.ts";
import { createBooksWatch } from "./checks/books-watch.ts";
import { checkEndings } from "./checks/endings.ts";
import { createTruth } from "./checks/truth.ts";
import { createViolations, type Violation } from "./checks/violations.ts";
import { auditTables } from "./ledger/memory-audit.ts";
import { type Earnings, earningsOf } from "./earnings.ts";
import { createDiskPool, type DiskPool } from "./disk-pool.ts";
import { createMemoryStore } from "./ledger/memory-store.ts";
import { createFaults, type FaultCounts } from "./world/faults.ts";
import { createHashedKeys, createRealKeys } from "./world/keys.ts";
import { createListeningLog } from "./world/log.ts";
import { createNetwork } from "./world/network.ts";
import { seededRandom } from "./world/random.ts";
import { createScheduler } from "./world/scheduler.ts";
import { createWire, tokenOf } from "./world/wire.ts";
import type { World } from "./world/world.ts";

export interface SeedResult {
  seed: number;
  violations: readonly Violation[];
  /** Requests that reached an engine. */
  jobs: number;
  answered: number;
  events: number;
  /** Virtual time, ms. */
  elapsedMs: number;
  faults: FaultCounts;
  /** Of worker-2's owner. */
  earnings: Earnings;
}

export interface SeedOptions {
  /** Gets a line for each event. */
  trace?: (line: string) => void;
  disks?: DiskPool;
  /** Worker-2 tells no lies, and its engine takes this many times as long as it would have to. */
  drags?: number;
}

const minute = 60_000;
const hour = 60 * minute;
const startMs = 1_800_000_000_000;
const activeMs = 9 * minute;
const quietWithinMs = 3 * hour;
const endsWithinMs = 4 * 24 * hour;
const workerCount = 3;
const clientCount = 4;
const firstPort = 9_000;
const models = ["small:1b", "large:70b"];
const multipliers = [500, 3_000, 10_000];
const starterCredits = 60_000_000n;
const faucetDaily = 10_000_000_000n;
const heartbeatMs = 15_000;
const lookEveryMs = 5_000;
/** Every so many events the books are recomputed as a whole. */
const auditEvery = 400;
/** Each so many-th world signs with real keys. */
const realKeysEvery = 40;

export async function simulateSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const random = seededRandom(seed);
  const { trace } = options;
  const violations = createViolations(() => scheduler.now - startMs);
  const violate = (what: string) => violations.add(what);
  const begin = startMs + random.between(0, 24 * 60) * minute;
  const scheduler = createScheduler(begin, (label, now) => {
    trace?.(`${now - startMs} ${label}`);
    if (scheduler.events % auditEvery === 0) audit();
  });
  const faults = createFaults(random.fork("faults"));
  const network = createNetwork(scheduler, random.fork("network"), faults);
  const truth = createTruth(scheduler, violations);
  const keyRandom = random.fork("keys");
  const keys =
    seed % realKeysEvery === 0
      ? await createRealKeys(keyRandom, scheduler)
      : createHashedKeys(keyRandom);
  const note = (line: () => string) => trace?.(`${scheduler.now - startMs} ${line()}`);
  const world: World = {
    ...{ scheduler, random, faults, network, keys, truth, note },
    log: createListeningLog(violate, note),
  };
  const store = createMemoryStore((changes) => watch.committed(changes));
  const { tables } = store;
  const watch = createBooksWatch({
    tables,
    truth,
    now: () => scheduler.now,
    resumedAt: () => coordinator.resumedAt,
    starterCredits,
    violate,
  });
  const audit = () => {
    for (const { invariant, subject, found, expected } of auditTables(tables))
      violate(`invariant ${invariant}: ${subject} is ${found} and not ${expected}`);
  };

  const nodeMultipliers = new Map<string, number>();
  const coordinator = createCoordinatorActor({
    ...{ world, store, starterCredits, faucetDaily, heartbeatMs, violate },
    multipliers: nodeMultipliers,
  });
  const ports = Array.from({ length: workerCount }, (_, index) => firstPort + index);
  const thief = createThief(world, () => wire, ports);
  /** Tickets stand in the open: whoever listens knows whose holds there are. */
  const overheard: string[] = [];
  const wire = createWire(world, (capture) => {
    overheard.push(truth.claimsOf(tokenOf(capture.headers)).jti);
    thief(capture);
  });
  const disks = options.disks ?? createDiskPool();
  const skew = () => {
    const skewMs = random.between(-20_000, 20_000);
    if (Math.abs(skewMs) > 1_000) faults.count("clock_skew");
    return skewMs;
  };

  const { hasLyingClients, hasLyingWorkers, hasLongOutage } = faults.shares;
  const common = { world, wire, coordinator, violate };
  const clients: ClientActor[] = [];
  for (let index = 0; index < clientCount; index += 1) {
    const name = `client-${index + 1}`;
    const account = await keys.signer();
    const isHonest = !(hasLyingClients && index === 1);
    const told = () => faults.count("client_lied");
    clients.push(
      createClientActor({
        ...{ ...common, name, account, isHonest, disk: disks.take() },
        mouth: isHonest
          ? account
          : createLyingClient(account, random.fork(`${name} lies`), told, overheard),
        models: index === 2 ? models : models.slice(0, 1),
        maxBudget: index === 2 ? 400_000n : undefined,
        asksEveryMs: random.pick([4_000, 6_000, 9_000]),
        skewMs: skew(),
      }),
    );
  }
  const workers: WorkerActor[] = [];
  for (const [index, port] of ports.entries()) {
    const name = `worker-${index + 1}`;
    const node = await keys.signer();
    nodeMultipliers.set(node.id, random.pick(multipliers));
    const isLying = hasLyingWorkers && index === 1 && options.drags === undefined;
    const told = () => faults.count("worker_lied");
    workers.push(
      createWorkerActor({
        ...{ ...common, name, port, node, heartbeatMs, disk: disks.take() },
        // One client also lends its machine.
        owner: index === 0 ? clients[0]!.account : await keys.signer(),
        mouth: isLying ? createLyingWorker(node, random.fork(`${name} lies`), told) : node,
        isHonest: !isLying,
        traits: {
          slots: random.between(1, 4),
          models,
          exaggerates: isLying && random.chance(0.5) ? 6 : 1,
          drags: index === 1 ? (options.drags ?? 1) : 1,
        },
        skewMs: skew(),
      }),
    );
  }

  const isBroken = () => violations.all.length > 0;
  /** Lets time pass. @returns whether `isOver` was seen to be true */
  const until = async (
    ms: number,
    isOver: () => boolean = () => false,
    everyMs = lookEveryMs,
  ): Promise<boolean> => {
    const end = scheduler.now + ms;
    let isSeen = false;
    let isOut = false;
    const look = () => {
      isSeen = isOver();
      isOut = scheduler.now >= end;
      if (isSeen || isOut) return;
      scheduler.at(Math.min(everyMs, end - scheduler.now), "a look", look);
    };
    look();
    await scheduler.run(() => isSeen || isOut || isBroken());
    return isSeen;
  };

  coordinator.machine.boot();
  for (const { machine } of [...workers, ...clients]) machine.boot();
  if (faults.shares.hasCheat) startCheat({ ...common, account: await keys.signer(), models });
  startChaos({
    ...{ world, coordinator },
    workers: workers.map(({ machine }) => machine),
    clients: clients.map(({ machine }) => machine),
  });
  await until(activeMs / 2);
  const outageMs = hasLongOutage ? beginLongOutage(world) : 0;
  await until(activeMs / 2);
  for (const client of clients) client.retire();
  await until(outageMs);

  faults.heal();
  network.heal();
  for (const { machine } of [...workers, ...clients, coordinator]) machine.spare();
  coordinator.loseDatabase(0);
  const unrest = () => [...workers, ...clients].map((actor) => actor.unrest()).filter(Boolean);
  if (!(await until(quietWithinMs, () => unrest().length === 0)) && !isBroken())
    violate(`not quiet ${quietWithinMs / hour} hours after healing: ${unrest().join(", ")}`);
  await checkListed();
  await settleAll();
  if (!isBroken()) checkEndings({ tables, truth, workers, clients, violate });
  scheduler.end();
  return {
    seed,
    violations: violations.all,
    jobs: truth.runs.size,
    answered: clients.reduce((sum, client) => sum + client.answered, 0),
    events: scheduler.events,
    elapsedMs: scheduler.now - begin,
    faults: faults.counts,
    earnings: earningsOf(tables, workers[1]!.owner.id),
  };

  /** Every worker that is up is on offer again. */
  async function checkListed(): Promise<void> {
    if (isBroken()) return;
    await until(4 * heartbeatMs);
    const listed = new Set(await coordinator.listed());
    for (const { node, machine } of workers)
      if (!listed.has(node.id)) violate(`${machine.name} serves, and is not on offer`);
  }

  /** A day and more passes in which the coordinator is alone. */
  async function settleAll(): Promise<void> {
    if (isBroken()) return;
    for (const { machine } of [...workers, ...clients, coordinator]) machine.halt();
    coordinator.jobsEveryMs = hour;
    coordinator.machine.boot();
    const isOver = () => tables.openHolds.size === 0 && tables.vesting.size === 0;
    await until(endsWithinMs, isOver, hour);
  }
}
