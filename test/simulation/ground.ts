/**
 * What every world stands on: time, chance, the network, the books with who watches them, and the coordinator. Who
 * else lives there and what goes wrong is each world's own.
 */
import { createCoordinatorActor } from "./actors/coordinator.ts";
import { createBooksWatch } from "./checks/books-watch.ts";
import { createTruth } from "./checks/truth.ts";
import { createViolations } from "./checks/violations.ts";
import { auditTables } from "./ledger/memory-audit.ts";
import { createMemoryStore } from "./ledger/memory-store.ts";
import { createFaults } from "./world/faults.ts";
import { createHashedKeys, createRealKeys } from "./world/keys.ts";
import { createListeningLog } from "./world/log.ts";
import { createNetwork } from "./world/network.ts";
import type { SeededRandom } from "./world/random.ts";
import { createScheduler } from "./world/scheduler.ts";
import type { World } from "./world/world.ts";

export interface GroundOptions {
  random: SeededRandom;
  /** True time at its beginning, ms. */
  beginMs: number;
  hasRealKeys: boolean;
  /** Hears of what happens, with the time since `startMs`. */
  note(line: () => string, sinceMs: number): void;
  /** Ten-thousandths, by node id. */
  multipliers: ReadonlyMap<string, number>;
}

export type Ground = Awaited<ReturnType<typeof layGround>>;

/** Every world's times are told from here, ms UTC. */
export const startMs = 1_800_000_000_000;
export const minute = 60_000;
export const hour = 60 * minute;
export const heartbeatMs = 15_000;
const starterCredits = 60_000_000n;
const faucetDaily = 10_000_000_000n;
const lookEveryMs = 5_000;
/** Every so many events the books are recomputed as a whole. */
const auditEvery = 400;

export async function layGround(options: GroundOptions) {
  const { random, beginMs, hasRealKeys, multipliers } = options;
  const violations = createViolations(() => scheduler.now - startMs);
  const violate = (what: string) => violations.add(what);
  const note = (line: () => string) => options.note(line, scheduler.now - startMs);
  const scheduler = createScheduler(beginMs, (label) => {
    note(() => label);
    if (scheduler.events % auditEvery === 0) audit();
  });
  const faults = createFaults(random.fork("faults"));
  const network = createNetwork(scheduler, random.fork("network"), faults);
  const truth = createTruth(scheduler, violations);
  const keyRandom = random.fork("keys");
  const keys = hasRealKeys
    ? await createRealKeys(keyRandom, scheduler)
    : createHashedKeys(keyRandom);
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
  const audit = () => {
    for (const { invariant, subject, found, expected } of auditTables(tables))
      violate(`invariant ${invariant}: ${subject} is ${found} and not ${expected}`);
  };
  const coordinator = createCoordinatorActor({
    ...{ world, store, starterCredits, faucetDaily, heartbeatMs, multipliers, violate },
  });
  const isBroken = () => violations.all.length > 0;

  /** Lets time pass. @returns whether `isOver` was seen to be true */
  async function until(
    ms: number,
    isOver: () => boolean = () => false,
    everyMs = lookEveryMs,
  ): Promise<boolean> {
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
  }

  return { world, tables, violations, violate, isBroken, audit, coordinator, until };
}

/** A day and more passes in which the coordinator is alone; nothing is left to run or to vest. */
export async function settleAll({ coordinator, tables, until }: Ground): Promise<void> {
  coordinator.machine.halt();
  coordinator.jobsEveryMs = hour;
  coordinator.machine.boot();
  const isOver = () => tables.openHolds.size === 0 && tables.vesting.size === 0;
  await until(4 * 24 * hour, isOver, hour);
}
