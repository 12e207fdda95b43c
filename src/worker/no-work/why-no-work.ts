/**
 * Why nothing is asked of this worker: the first reason that applies, in the order in which a donor can do something
 * about it. What they decided themselves comes first, then what is broken, then what others decide. Pure.
 */
import { type ErrorCode, errorCodes } from "../../protocol/error-codes.ts";
import type { Audience } from "../guests/settings.ts";
import type { PresenceStatus } from "../idle/owner.ts";
import type { LastBeat } from "../last-beat.ts";
import type { WorkerState } from "../lifecycle.ts";

/** A model that people asked for within a day. */
export interface Wanted {
  model: string;
  /** Accounts. */
  requesters: number;
  /** Of the latest wish, coordinator time in ms. */
  asked_at: number;
  /** Other nodes that offer it now. */
  others: number;
  /** Whether this worker offers it, under this name or another. */
  mine: boolean;
}

/** How it stands with one engine that the worker knows of. */
export interface EngineHealth {
  type: string;
  /** `failing`: it says that it is well, and keeps failing all the same. */
  state: "well" | "away" | "failing";
  /** Models that it has, and how many of them are larger than the owner allows, or not to be offered. */
  models: number;
  tooLarge: number;
  denied: number;
}

export type WhyNoWork =
  | { code: "starting" }
  | { code: "draining" }
  | { code: "paused" }
  | { code: "proving" }
  | { code: "coordinator_unreachable"; answeredAt: number | undefined }
  | { code: "upgrade_required" }
  | { code: "unreachable" }
  | { code: "not_enrolled"; refusal: ErrorCode }
  | { code: "owner_present"; detail: string }
  | { code: "outside_schedule" }
  | { code: "on_battery" }
  | { code: "too_hot"; detail: string }
  | { code: "no_engine" }
  | { code: "engine_down"; engines: string[]; isFailing: boolean }
  | { code: "no_models"; tooLarge: number; denied: number }
  | { code: "lent_to_few"; lendTo: Exclude<Audience, "all"> }
  | { code: "demand_unknown" }
  /** `earlier`: those who asked within a day for what is offered here. */
  | { code: "nobody_asks"; earlier: number }
  | { code: "others_preferred"; wanted: Wanted[] };

export type WhyCode = WhyNoWork["code"];

export interface WorkFacts {
  /** Coordinator time, ms. */
  now: number;
  state: WorkerState;
  /** Requests that run. */
  active: number;
  lastBeat: LastBeat;
  presence: Pick<PresenceStatus, "state" | "reason" | "detail">;
  engines: readonly EngineHealth[];
  /** Models that are offered. */
  models: number;
  lendTo: Audience;
  /** When a request last ended, coordinator time in ms. */
  lastServedAt: number | undefined;
  /** Undefined where the coordinator did not say. */
  demand: readonly Wanted[] | undefined;
}

/** Whoever served within this time has work, and whoever asked within it asks. */
export const recentMs = 15 * 60_000;

/** Undefined where there is work. Something that keeps requests away counts at once, however lately there was some. */
export function whyNoWork(facts: WorkFacts): WhyNoWork | undefined {
  const { active, lastServedAt = -Infinity, now } = facts;
  if (active > 0) return undefined;
  const obstacle =
    ownDoing(facts) ?? refusalOf(facts.lastBeat) ?? presenceOf(facts) ?? nothingToOffer(facts);
  if (obstacle) return obstacle;
  return now - lastServedAt < recentMs ? undefined : othersDoing(facts);
}

function ownDoing({ state, lastBeat }: WorkFacts): WhyNoWork | undefined {
  switch (state) {
    case "starting":
      return { code: "starting" };
    case "paused":
      return { code: "paused" };
    case "proving":
      return { code: "proving" };
    case "draining":
    case "offline":
      return { code: "draining" };
    case "serving":
      return lastBeat.kind === "none" ? { code: "starting" } : undefined;
    default:
      return state satisfies never;
  }
}

const firstOutage = 500;

function refusalOf(last: LastBeat): WhyNoWork | undefined {
  if (last.kind !== "failed") return undefined;
  const { code, answeredAt } = last;
  if (code === "upgrade_required") return { code };
  if (code === "invalid_address") return { code: "unreachable" };
  if (errorCodes[code].status >= firstOutage)
    return { code: "coordinator_unreachable", answeredAt };
  return { code: "not_enrolled", refusal: code };
}

function presenceOf({ presence }: WorkFacts): WhyNoWork | undefined {
  if (presence.state !== "present") return undefined;
  const { reason, detail } = presence;
  switch (reason) {
    case "schedule":
      return { code: "outside_schedule" };
    case "battery":
      return { code: "on_battery" };
    case "temperature":
      return { code: "too_hot", detail: detail ?? "too hot" };
    case "load":
    case "program":
    case null:
      return { code: "owner_present", detail: detail ?? "the machine is in use" };
    default:
      return reason satisfies never;
  }
}

function nothingToOffer({ engines, models }: WorkFacts): WhyNoWork | undefined {
  if (models > 0) return undefined;
  if (engines.length === 0) return { code: "no_engine" };
  const unwell = engines.filter(({ state }) => state !== "well");
  if (unwell.length === engines.length)
    return {
      ...{ code: "engine_down", engines: unwell.map(({ type }) => type) },
      isFailing: unwell.every(({ state }) => state === "failing"),
    };
  const sum = (count: (engine: EngineHealth) => number) =>
    engines.reduce((total, engine) => total + count(engine), 0);
  return {
    code: "no_models",
    tooLarge: sum(({ tooLarge }) => tooLarge),
    denied: sum(({ denied }) => denied),
  };
}

function othersDoing({ lendTo, demand, now }: WorkFacts): WhyNoWork {
  if (lendTo !== "all") return { code: "lent_to_few", lendTo };
  if (!demand) return { code: "demand_unknown" };
  const mine = demand.filter((wanted) => wanted.mine);
  const wanted = mine.filter(({ asked_at }) => now - asked_at < recentMs);
  if (wanted.length > 0) return { code: "others_preferred", wanted };
  return { code: "nobody_asks", earlier: Math.max(0, ...mine.map((each) => each.requesters)) };
}
