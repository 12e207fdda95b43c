/**
 * One world from its seed to its end: clients ask while things go wrong, everything heals, every outbox empties, a day
 * passes, and all must have come out right.
 */
import { beginLongOutage, startChaos } from "./actors/chaos.ts";
import { startCheat } from "./actors/cheat.ts";
import { createClientActor, type ClientActor } from "./actors/client.ts";
import { createLyingClient, createLyingWorker } from "./actors/liars.ts";
import { createThief } from "./actors/thief.ts";
import { createWorkerActor, type WorkerActor } from "./actors/worker.ts";
import { checkEndings } from "./checks/endings.ts";
import type { Violation } from "./checks/violations.ts";
import { type Earnings, earningsOf } from "./earnings.ts";
import { createDiskPool, type DiskPool } from "./disk-pool.ts";
import { heartbeatMs, hour, layGround, minute, settleAll, startMs } from "./ground.ts";
import type { FaultCounts } from "./world/faults.ts";
import { seededRandom } from "./world/random.ts";
import { createWire, tokenOf } from "./world/wire.ts";

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

const activeMs = 9 * minute;
const quietWithinMs = 3 * hour;
const workerCount = 3;
const clientCount = 4;
const firstPort = 9_000;
/**
 * The coordinator may have a minute left until it starts. A worker that found nobody three times looks again half a
 * minute later, and waits as long for its answer.
 */
const listedWithinMs = 3 * minute;
const models = ["small:1b", "large:70b"];
const multipliers = [500, 3_000, 10_000];
/** Each so many-th world signs with real keys. */
const realKeysEvery = 40;

export async function simulateSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const random = seededRandom(seed);
  const { trace } = options;
  const begin = startMs + random.between(0, 24 * 60) * minute;
  const multipliersOf = new Map<string, number>();
  const ground = await layGround({
    ...{ random, beginMs: begin, multipliers: multipliersOf },
    hasRealKeys: seed % realKeysEvery === 0,
    note: (line, sinceMs) => trace?.(`${sinceMs} ${line()}`),
  });
  const { world, tables, violations, violate, isBroken, coordinator, until } = ground;
  const { scheduler, faults, network, truth, keys } = world;
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
    multipliersOf.set(node.id, random.pick(multipliers));
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
  // However it ended: what still ran would touch disks that the next world has.
  for (const { machine } of [...workers, ...clients]) machine.halt();
  if (!isBroken()) await settleAll(ground);
  if (!isBroken()) checkEndings({ tables, truth, workers, clients, violate });
  coordinator.machine.halt();
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
    await until(listedWithinMs);
    const listed = new Set(await coordinator.listed());
    for (const { node, machine } of workers)
      if (!listed.has(node.id)) violate(`${machine.name} serves, and is not on offer`);
  }
}
