/** The coordinator on its machine: the production verbs, put together as `coordinator.ts` does, without HTTP in front. */
import { errorBody } from "../../../src/protocol/error-object.ts";
import { startJobs } from "../../../src/coordinator/jobs/jobs.ts";
import { recoveryAt } from "../../../src/coordinator/jobs/recovery.ts";
import { createLedger } from "../../../src/coordinator/ledger/ledger.ts";
import { createMemoryLeases } from "../../../src/coordinator/registry/memory-leases.ts";
import { createRegistry, type Registry } from "../../../src/coordinator/registry/registry.ts";
import { createIssuer } from "../../../src/coordinator/tickets/issue.ts";
import { createRedeemer } from "../../../src/coordinator/tickets/redeem.ts";
import type { HttpRequest } from "../../../src/host/http-transport.ts";
import { TroopError } from "../../../src/protocol/error-codes.ts";
import type { Micro } from "../../../src/protocol/credits.ts";
import type { MemoryStore } from "../ledger/memory-store.ts";
import { answerOf, type Answer } from "../world/calls.ts";
import { isFaultOfOurs } from "../world/log.ts";
import { createMachine, Killed, type Machine, type Process } from "../world/machine.ts";
import { coordinatorName, coordinatorUrl, type World } from "../world/world.ts";
import { createRoutes, type EnrolledNodes } from "./routes.ts";

export interface CoordinatorActor {
  readonly machine: Machine;
  handle(call: HttpRequest): Promise<Answer>;
  /** Nodes on offer; empty while it is down. */
  listed(): Promise<string[]>;
  /** The database does not answer until `untilMs`, true time. */
  loseDatabase(untilMs: number): void;
  /** When it last began on books that were there already, true time in ms; -Infinity before. */
  readonly resumedAt: number;
  /** How often its own jobs run from its next start on, ms. */
  jobsEveryMs: number;
}

export interface CoordinatorParts {
  world: World;
  store: MemoryStore;
  starterCredits: Micro;
  faucetDaily: Micro;
  heartbeatMs: number;
  /** Ten-thousandths, by node id. */
  multipliers: ReadonlyMap<string, number>;
  violate: (what: string) => void;
}

interface Running {
  handle(call: HttpRequest): Promise<Answer>;
  registry: Registry;
}

const restartMs = { least: 1_000, most: 60_000 };

export function createCoordinatorActor(parts: CoordinatorParts): CoordinatorActor {
  const { world, store, multipliers, starterCredits, faucetDaily, heartbeatMs, violate } = parts;
  const { scheduler, faults, keys, log } = world;
  const random = world.random.fork(coordinatorName);
  const nodes: EnrolledNodes = new Map();
  let databaseAwayUntil = 0;
  let lastAlive: number | undefined;
  let resumedAt = -Infinity;
  let running: Running | undefined;
  const publicUrl = () => coordinatorUrl;

  function start(process: Process): void {
    const { clock } = process;
    if (lastAlive !== undefined) resumedAt = scheduler.now;
    const shares = faults.shares;
    const connection = store.connect({
      reach(call) {
        if (call === "committed" && faults.happens("commit_unanswered", shares.unanswered))
          throw new TroopError("ledger_unavailable");
        process.reach(call);
        if (call !== "committed" && scheduler.now < databaseAwayUntil)
          throw new TroopError("ledger_unavailable");
      },
      repeats: () => faults.happens("transaction_repeated", shares.repeated),
    });
    const ledger = createLedger({ store: connection, starterCredits, faucetDaily });
    const registry = createRegistry({
      ...{ leases: createMemoryLeases(), clock, addressPolicy: "loopback", heartbeatMs },
    });
    /** The database's own clock is right. */
    const noteAlive = (here: number): number => {
      if (scheduler.now < databaseAwayUntil) throw new TroopError("ledger_unavailable");
      const now = Math.min(here, scheduler.now);
      lastAlive = Math.max(lastAlive ?? 0, now);
      return now;
    };
    const service = {
      async resume(here: number) {
        process.reach("resume");
        const before = lastAlive;
        const now = noteAlive(here);
        // In one transaction on real books; here nothing can come between.
        if (before !== undefined && recoveryAt(now, before).downMs > 0)
          await store.postponeVesting(before, now);
        return { now, lastAlive: before };
      },
      async writeAlive(here: number) {
        process.reach("alive");
        return noteAlive(here);
      },
    };
    const accounts = {
      accountOf: async (id: string) => (connection.tables.accounts.has(id) ? id : undefined),
    };
    const { keyRing, verifier } = keys;
    const route = createRoutes({
      ...{ clock, verifier, publicUrl, keyRing, registry, nodes, multipliers, heartbeatMs },
      ...{ store: connection, accounts },
      issuer: createIssuer({ ledger, registry, keyRing, clock, random, publicUrl }),
      redeemer: createRedeemer({ ledger, accounts, verifier, clock, publicUrl }),
    });
    let isReady = false;
    const jobs = { service, ledger, registry, clock, random, log, intervalMs: actor.jobsEveryMs };
    startJobs(jobs).then(
      (running) => {
        isReady = true;
        scheduler.over.addEventListener("abort", () => void running[Symbol.asyncDispose]());
      },
      (error: unknown) => {
        // As a process does that cannot begin: it ends, and is started again.
        if (isFaultOfOurs(error)) violate(`the coordinator's jobs: ${String(error)}`);
        if (process.isAlive) machine.kill();
      },
    );

    async function handle(call: HttpRequest): Promise<Answer> {
      process.reach("handle");
      if (!isReady)
        return answerOf(503, errorBody(new TroopError("ledger_unavailable"), ""), clock.now());
      try {
        const body = await route(call);
        process.reach("answer");
        return answerOf(200, body, clock.now());
      } catch (error) {
        if (!process.isAlive) throw new Killed();
        if (isFaultOfOurs(error)) violate(`${call.url}: ${String((error as Error).stack)}`);
        const refusal = error instanceof TroopError ? error : new TroopError("internal_error");
        return answerOf(refusal.status, errorBody(refusal, ""), clock.now());
      }
    }
    running = { handle, registry };
  }

  const machine = createMachine({
    ...{ name: coordinatorName, scheduler, random, skewMs: 0, start },
    onKilled(_name, point) {
      running = undefined;
      faults.count("coordinator_killed");
      world.note(() => `the coordinator is killed at ${point}`);
      scheduler.at(random.between(restartMs.least, restartMs.most), "the coordinator starts", () =>
        machine.boot(),
      );
    },
  });

  const actor: CoordinatorActor = {
    machine,
    handle: (call) => running?.handle(call) ?? Promise.reject(new Killed()),
    async listed() {
      const listing = await running?.registry.list();
      return listing?.nodes.map(({ lease }) => lease.node) ?? [];
    },
    loseDatabase(untilMs) {
      databaseAwayUntil = untilMs;
    },
    get resumedAt() {
      return resumedAt;
    },
    jobsEveryMs: 10_000,
  };
  return actor;
}
