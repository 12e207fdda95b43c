/** What goes wrong, by kind, and how much of it one world has: some are calm, some are hell. */
import type { SeededRandom } from "./random.ts";

export const faultKinds = [
  "coordinator_killed",
  "worker_killed",
  "client_killed",
  "message_lost",
  "message_delayed",
  "message_duplicated",
  "message_reordered",
  "request_held_back",
  "connection_broken",
  "partition",
  "long_outage",
  "clock_skew",
  "transaction_repeated",
  "commit_unanswered",
  "database_away",
  "engine_refused",
  "engine_broke",
  "engine_stalled",
  "application_left",
  "worker_lied",
  "client_lied",
  "request_stolen",
  "request_forged",
] as const;
export type FaultKind = (typeof faultKinds)[number];
export type FaultCounts = Record<FaultKind, number>;

export const noFaults = (): FaultCounts =>
  Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as FaultCounts;

export interface Faults {
  readonly counts: FaultCounts;
  readonly shares: FaultShares;
  /** From now on nothing new goes wrong. */
  heal(): void;
  readonly areOver: boolean;
  /** True with probability `share` while there are faults; it is counted. */
  happens(kind: FaultKind, share: number): boolean;
  count(kind: FaultKind): void;
}

/** Probabilities of this world's faults, each per opportunity. */
export interface FaultShares {
  lost: number;
  delayed: number;
  duplicated: number;
  heldBack: number;
  broken: number;
  engine: number;
  repeated: number;
  unanswered: number;
  applicationLeft: number;
  stolen: number;
  /** Mean time between two blows (a kill, a partition, a database that is away), ms. */
  blowEveryMs: number;
  hasLyingWorkers: boolean;
  hasLyingClients: boolean;
  hasLongOutage: boolean;
  hasCheat: boolean;
}

export function drawShares(random: SeededRandom): FaultShares {
  const oneOf = (...shares: number[]) => random.pick(shares);
  return {
    lost: oneOf(0, 0.01, 0.05),
    delayed: oneOf(0, 0.02, 0.1),
    duplicated: oneOf(0, 0.03, 0.1),
    heldBack: oneOf(0, 0.01, 0.03),
    broken: oneOf(0, 0.02, 0.08),
    engine: oneOf(0, 0.02, 0.08),
    repeated: oneOf(0, 0.05, 0.2),
    unanswered: oneOf(0, 0.01, 0.03),
    applicationLeft: oneOf(0, 0.03, 0.1),
    stolen: oneOf(0, 0.05, 0.15),
    blowEveryMs: oneOf(20_000, 45_000, 120_000),
    hasLyingWorkers: random.chance(0.4),
    hasLyingClients: random.chance(0.4),
    hasLongOutage: random.chance(0.12),
    hasCheat: random.chance(0.5),
  };
}

export function createFaults(random: SeededRandom): Faults {
  const counts = noFaults();
  const shares = drawShares(random.fork("shares"));
  const chance = random.fork("chance");
  let areOver = false;
  return {
    counts,
    shares,
    heal() {
      areOver = true;
    },
    get areOver() {
      return areOver;
    },
    happens(kind, share) {
      if (areOver || share === 0 || !chance.chance(share)) return false;
      counts[kind] += 1;
      return true;
    },
    count(kind) {
      counts[kind] += 1;
    },
  };
}
