/**
 * A node's reputation: 0.3 availability + 0.5 reliability + 0.2 performance. Pure. The latter two come from twenty of the
 * latest jobs that others gave it, taken in turns: the newest of each requester, then the next of each; what those of
 * one requester say weighs as much as what any other's do. So whoever is one of five has a fifth of the say, however
 * much they ask; and all newcomers together are one requester.
 */
import {
  neutralReputation,
  type ReputationAnswer,
  type ReputationTier,
} from "../../protocol/reputation.ts";

/** A request that its node answered for. */
export interface Job {
  requester: string;
  /** Whether the requester has paid several owners. Others may be one person's: an account costs little. */
  isKnown: boolean;
  /** `failed` is the worker's own word, `disputed` the requester's. */
  ending: "answered" | "failed" | "disputed";
  /** What it would take at the pace that the node's multiplier promises, ms. */
  promisedMs: number;
  billedMs: number;
}

/** How long a node was there, and how long it was gone without having said so, ms; both fade. */
export interface Presence {
  presentMs: number;
  missedMs: number;
}

export interface NodeRecord {
  /** Newest first: of each requester the latest `jobsCounted`. */
  jobs: readonly Job[];
  presence: Presence;
  consistency: ReputationAnswer["consistency"];
}

export type Reputation = Omit<ReputationAnswer, "node_id">;

const weights = { availability: 0.3, reliability: 0.5, performance: 0.2 };
export const jobsCounted = 20;
/** Below, one bad hour would be all there is. */
const jobsLeast = 5;
/** Taken to have been there before anything was seen: the first lost beat means little. */
const presentAheadMs = 60 * 60_000;
/** Of each job, what no hardware shortens: the way to the engine, a first pass. */
const unhurriedMs = 500;
/** Answers side by side share a card: half the promised pace is full marks. */
const paceEnough = 0.5;
const goodLeast = 0.9;
const fairLeast = 0.7;

export function reputationOf({ jobs, presence, consistency }: NodeRecord): Reputation {
  const counted = countedJobs(jobs);
  const failed = counted.filter(({ ending }) => ending === "failed").length;
  const disputed = counted.filter(({ ending }) => ending === "disputed").length;
  const parts = {
    availability: rounded(availabilityOf(presence)),
    reliability: saidOf(counted, reliabilityOf) ?? 1,
    performance: consistency === "inconsistent" ? 0 : saidOf(counted, performanceOf),
  };
  const isNew = jobs.length < jobsLeast;
  const score = isNew ? neutralReputation : scoreOf(parts);
  return {
    ...{ score, tier: tierOf(score, isNew), jobs: jobs.length, counted: counted.length },
    ...{ parts, failed, disputed, consistency },
    requesters: new Set(counted.map(({ requester }) => requester)).size,
    why: whyOf({ isNew, parts, counted: counted.length, failed, disputed, consistency }),
  };
}

const byRequester = (jobs: readonly Job[], isKnown: boolean): Job[][] => {
  const those = jobs.filter((job) => job.isKnown === isKnown);
  return [...Map.groupBy(those, ({ requester }) => requester).values()];
};

const countedJobs = (jobs: readonly Job[]): Job[] =>
  inTurns([...byRequester(jobs, true), inTurns(byRequester(jobs, false))]).slice(0, jobsCounted);

/** What each requester's jobs say, each weighing the same, and newcomers together as one. */
function saidOf(
  counted: readonly Job[],
  by: (jobs: readonly Job[]) => number | null,
): number | null {
  const newcomers = mean(byRequester(counted, false).map(by));
  const said = mean([...byRequester(counted, true).map(by), newcomers]);
  return said === null ? null : rounded(said);
}

function mean(values: readonly (number | null)[]): number | null {
  const told = values.filter((value) => value !== null);
  return told.length === 0 ? null : told.reduce((sum, value) => sum + value, 0) / told.length;
}

/** The first of each list, then the second of each, and so on. */
function inTurns(lists: readonly (readonly Job[])[]): Job[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: Math.min(longest, jobsCounted) }, (_, turn) =>
    lists.flatMap((list) => list.slice(turn, turn + 1)),
  ).flat();
}

function availabilityOf({ presentMs, missedMs }: Presence): number {
  const present = presentMs + presentAheadMs;
  return present / (present + missedMs);
}

const answeredOf = (jobs: readonly Job[]) => jobs.filter(({ ending }) => ending === "answered");

const reliabilityOf = (jobs: readonly Job[]): number => answeredOf(jobs).length / jobs.length;

/** Null where there is nothing to time. */
function performanceOf(jobs: readonly Job[]): number | null {
  const answered = answeredOf(jobs);
  if (answered.length === 0) return null;
  const sum = (of: (job: Job) => number) => answered.reduce((total, job) => total + of(job), 0);
  const promised = sum(({ promisedMs }) => promisedMs);
  const taken = sum(({ billedMs }) => Math.max(0, billedMs - unhurriedMs));
  return taken === 0 ? 1 : Math.min(1, promised / taken / paceEnough);
}

/** Who answered nothing has shown no pace at all. */
const scoreOf = ({ availability, reliability, performance }: Reputation["parts"]): number =>
  rounded(
    weights.availability * availability +
      weights.reliability * reliability +
      weights.performance * (performance ?? 0),
  );

function tierOf(score: number, isNew: boolean): ReputationTier {
  if (isNew) return "new";
  if (score >= goodLeast) return "good";
  return score >= fairLeast ? "fair" : "poor";
}

interface Grounds extends Pick<
  Reputation,
  "parts" | "counted" | "failed" | "disputed" | "consistency"
> {
  isNew: boolean;
}

function whyOf({ isNew, parts, counted, failed, disputed, consistency }: Grounds): string[] {
  const { availability, performance } = parts;
  const isInconsistent = consistency === "inconsistent";
  const grounds: [holds: boolean, sentence: string][] = [
    [isNew, `too few jobs so far: it takes ${jobsLeast}`],
    [failed > 0, `${failed} of the last ${counted} answers failed at the node`],
    [disputed > 0, `${disputed} of the last ${counted} answers were disputed`],
    [availability < 0.99, `gone without a word for ${percent(1 - availability)} of its time`],
    [
      performance !== null && performance < 1 && !isInconsistent,
      `slower than its multiplier promises: ${percent(performance ?? 1)} of what is asked for`,
    ],
    [isInconsistent, "its answers differ from those of its peers with the same model"],
  ];
  return grounds.filter(([holds]) => holds).map(([, sentence]) => sentence);
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
