/** A worker at which nothing is wrong and of which nobody asks anything, and what each reason needs beside that. */
import type { WhyCode, WorkFacts, Wanted } from "./why-no-work.ts";

export const now = 1_767_268_800_000;
const minute = 60_000;

export const wantedModel = (fields: Partial<Wanted> = {}): Wanted => ({
  ...{ model: "qwen3:8b", requesters: 2, asked_at: now - 60 * minute, others: 0, mine: false },
  ...fields,
});

export const quiet: WorkFacts = {
  ...{ now, state: "serving", active: 0, lendTo: "all", lastServedAt: undefined },
  lastBeat: { kind: "answered", at: now - 5_000 },
  presence: { state: "away", reason: null, detail: null },
  engines: [{ type: "ollama", state: "well", models: 1, tooLarge: 0, denied: 0 }],
  ...{ models: 1, demand: [] },
};

const failed = (code: "coordinator_unreachable" | "upgrade_required" | "invalid_address") =>
  ({ kind: "failed", code, answeredAt: now - minute }) as const;
const present = (reason: "load" | "schedule" | "battery" | "temperature") =>
  ({ state: "present", reason, detail: "others use 40 %" }) as const;

/** In the order in which they are told. */
export const changes: Readonly<Record<WhyCode, Partial<WorkFacts>>> = {
  starting: { state: "starting" },
  draining: { state: "draining" },
  paused: { state: "paused" },
  proving: { state: "proving" },
  upgrade_required: { lastBeat: failed("upgrade_required") },
  unreachable: { lastBeat: failed("invalid_address") },
  coordinator_unreachable: { lastBeat: failed("coordinator_unreachable") },
  not_enrolled: { lastBeat: { kind: "failed", code: "join_required", answeredAt: undefined } },
  outside_schedule: { presence: present("schedule") },
  on_battery: { presence: present("battery") },
  too_hot: { presence: present("temperature") },
  owner_present: { presence: present("load") },
  no_engine: { engines: [], models: 0 },
  engine_down: {
    engines: [{ type: "ollama", state: "away", models: 0, tooLarge: 0, denied: 0 }],
    models: 0,
  },
  no_models: {
    engines: [{ type: "ollama", state: "well", models: 3, tooLarge: 2, denied: 1 }],
    models: 0,
  },
  lent_to_few: { lendTo: "own" },
  demand_unknown: { demand: undefined },
  others_preferred: {
    demand: [wantedModel({ mine: true, others: 3, asked_at: now - minute })],
  },
  nobody_asks: {},
};
