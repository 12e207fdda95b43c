/** What the owner wants to know of a worker's work: what it did, what it earned, and why nothing comes. `GET /work`. */
import type { Catalogue } from "../catalogue.ts";
import type { WorkerCore } from "../core.ts";
import type { Audience } from "../guests/settings.ts";
import type { DayOfJobs, Jobs } from "../jobs/jobs.ts";
import type { JobRow } from "../jobs/jobs-store.ts";
import type { AskDemand } from "./demand.ts";
import {
  commandThatGets,
  explain,
  type Explained,
  type Hint,
  hintsFor,
  isShowable,
} from "./explain.ts";
import { type Wanted, type WhyCode, whyNoWork } from "./why-no-work.ts";

/** A model that people asked for within a day and no node offers. */
export interface Unserved {
  model: string;
  requesters: number;
  /** Gets it; null where its name does not say how. */
  command: string | null;
}

export interface WorkReport {
  /** Null where there is work. */
  no_work: (Explained & { code: WhyCode }) | null;
  hints: Hint[];
  models: { name: string; context_length: number | null }[];
  today: DayOfJobs;
  /** The last ten, newest first. */
  jobs: JobRow[];
  /** The most wanted ones; null where the coordinator did not say. */
  unserved: Unserved[] | null;
}

export interface WorkReportParts {
  core: Pick<
    WorkerCore,
    "state" | "slots" | "heartbeats" | "catalogue" | "presence" | "multiplier" | "proof"
  >;
  jobs: Pick<Jobs, "last" | "today">;
  askDemand: AskDemand;
  lendTo: Audience;
  /** Coordinator time, ms. */
  now: () => number;
}

const jobsMost = 10;
const unservedMost = 5;

export const createWorkReport =
  ({ core, jobs, askDemand, lendTo, now }: WorkReportParts) =>
  async (): Promise<WorkReport> => {
    const { catalogue } = core;
    const answer = await askDemand();
    const demand = answer?.map((wanted) => seenFromHere(wanted, catalogue));
    const last = jobs.last(jobsMost);
    const why = whyNoWork({
      ...{ now: now(), state: core.state, active: core.slots.active, lendTo, demand },
      ...{ lastBeat: core.heartbeats.last, presence: core.presence.status() },
      ...{ engines: catalogue.health(), models: catalogue.models().length },
      lastServedAt: last[0]?.ended,
    });
    return {
      no_work: why ? { code: why.code, ...explain(why) } : null,
      hints: hintsFor(core.multiplier(), core.proof().provenance),
      models: catalogue
        .models()
        .map(({ name, context_length }) => ({ name, context_length: context_length ?? null })),
      today: jobs.today(),
      jobs: last,
      unserved: demand ? unservedOf(demand) : null,
    };
  };

type Asked = NonNullable<Awaited<ReturnType<AskDemand>>>[number];

function seenFromHere(
  { model, requesters, asked_at, nodes }: Asked,
  catalogue: Pick<Catalogue, "models" | "offersOf">,
): Wanted {
  // Nodes are counted by the very name.
  const isCounted = catalogue.models().some(({ name }) => name === model);
  return {
    ...{ model, requesters, asked_at, others: Math.max(0, nodes - (isCounted ? 1 : 0)) },
    mine: catalogue.offersOf(model).length > 0,
  };
}

const unservedOf = (demand: readonly Wanted[]): Unserved[] =>
  demand
    .filter(({ mine, others, model }) => !mine && others === 0 && isShowable(model))
    .slice(0, unservedMost)
    .map(({ model, requesters }) => ({
      ...{ model, requesters, command: commandThatGets(model) ?? null },
    }));
