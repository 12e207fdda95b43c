/** Looks every two seconds whether the owner needs their machine, and tells those who must make room. */
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { isOurs, othersLoad, type OwnWork } from "./others-load.ts";
import {
  atStart,
  next,
  type OthersLoad,
  type Presence,
  type Reason,
  type Sample,
} from "./presence.ts";
import type { Reading } from "./reading.ts";
import { ruleThatHolds } from "./rules.ts";
import { localTime } from "./schedule.ts";
import type { Senses } from "./senses.ts";
import type { OwnerSettings } from "./settings.ts";

/** Two of them are what it takes to make room: four seconds. */
export const sampleMs = 2_000;

/** For the status. `unknown`: nothing measures it, so the worker lends. */
export interface PresenceStatus {
  state: "away" | "present" | "unknown";
  reason: Reason | null;
  detail: string | null;
  /** Which instrument spoke last; null: none. */
  source: Reading["source"] | null;
  /** Percent; null where it could not be told. */
  others_load: number | null;
  /** ms UTC; null before the first sample. */
  sampled_at: number | null;
}

export interface Owner {
  readonly isPresent: boolean;
  status(): PresenceStatus;
  /** Samples until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface OwnerParts {
  settings: OwnerSettings;
  /** Undefined: nothing is watched, and only the owner's own word counts. */
  senses: Senses | undefined;
  clock: Clock;
  random: Random;
  log: Log;
  ownWork: () => OwnWork;
  /** The owner came or went. */
  onChange: (status: PresenceStatus) => void;
}

export function createOwner(parts: OwnerParts): Owner {
  const { settings, senses, clock, random, log, ownWork, onChange } = parts;
  let presence: Presence = atStart;
  let shown: PresenceStatus = {
    ...{ state: "unknown", reason: null, detail: null, source: null },
    ...{ others_load: null, sampled_at: null },
  };

  async function look({ instrument, onBattery, listPrograms }: Senses, signal: AbortSignal) {
    const asked = settings.programs.length > 0 ? listPrograms(signal) : undefined;
    if (!settings.isWatched) return { programs: await asked, reading: undefined };
    const isBusy = isOurs(ownWork(), 0);
    const [reading, programs, isOnBattery] = await Promise.all([
      instrument.read({ processes: isBusy }, signal),
      asked,
      settings.isBatteryAllowed ? undefined : onBattery(signal),
    ]);
    return { reading, programs, isOnBattery };
  }

  async function sample(present: Senses, signal: AbortSignal) {
    const { reading, programs, isOnBattery } = await look(present, signal);
    // Asked for afterwards: work that began while we looked must not pass for the owner's, and what ended lingers.
    const own = ownWork();
    const rule = ruleThatHolds(settings, {
      ...{ time: localTime(clock.now()), reading, isOnBattery, programs },
      isResting: presence.kind === "present" && presence.reason === "temperature",
    });
    const load = loadOf(reading, own, settings.isWatched);
    const seen: Sample = { at: clock.monotonic(), othersLoad: load, rule: rule?.reason };
    const wasPresent = presence.kind === "present";
    presence = next(presence, seen);
    shown = statusOf(presence, { reading, load, detail: rule?.detail, at: clock.now() });
    if (wasPresent === (presence.kind === "present")) return;
    log.info({ reason: shown.reason, source: shown.source }, `the owner is ${shown.state}`);
    onChange(shown);
  }

  return {
    get isPresent() {
      return presence.kind === "present";
    },
    status: () => shown,
    async run(signal) {
      if (!senses) return;
      await startLoop({
        ...{ clock, random, signal, backoff: { firstMs: sampleMs, ceilingMs: 60_000 } },
        round: async () => {
          await sample(senses, signal);
          return sampleMs;
        },
        onFailure: (error) => log.warn({ err: error }, "the owner could not be looked for"),
      }).ended;
    },
  };
}

/** An instrument that is silent for once tells neither way. */
function loadOf(reading: Reading | undefined, own: OwnWork, isWatched: boolean): OthersLoad {
  if (!isWatched) return "unknown";
  return reading ? othersLoad(reading, own) : "hidden";
}

interface Seen {
  reading: Reading | undefined;
  load: OthersLoad;
  detail: string | undefined;
  at: number;
}

function statusOf(presence: Presence, { reading, load, detail, at }: Seen): PresenceStatus {
  const isMeasured = reading !== undefined && reading.source !== "load-average";
  const isPresent = presence.kind === "present";
  const percent = typeof load === "number" ? Math.round(load) : null;
  const isQuiet = isPresent && presence.quietSince !== undefined;
  const isUsed = percent === null ? "the machine was in use" : `others use ${percent} %`;
  return {
    state: isPresent ? "present" : isMeasured ? "away" : "unknown",
    reason: isPresent ? presence.reason : null,
    detail: isPresent ? (detail ?? (isQuiet ? "quiet now" : isUsed)) : null,
    source: reading?.source ?? null,
    others_load: percent,
    sampled_at: at,
  };
}
