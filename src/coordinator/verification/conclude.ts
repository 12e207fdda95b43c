/** Ends a trial: once all of a node's are over, what was measured becomes a verdict, and the verdict what the node counts as. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { formatMultiplier } from "../../protocol/credits.ts";
import { findNode } from "../accounts/node-store.ts";
import type { Database } from "../database.ts";
import { type Ending, judge } from "./judge.ts";
import { afterVerdict } from "./policy.ts";
import { readServed } from "./served-store.ts";
import type { Trial } from "./trial-store.ts";
import { type VerdictRow, writeEnding } from "./verdict-store.ts";

/** Hears of every verdict. */
export type RecordVerdict = (verdict: VerdictRow) => void;

export interface ConcludeParts {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  /** What is remembered of a node holds no longer. */
  forget: (node: string) => void;
  recordVerdict: RecordVerdict;
}

export type Conclude = (trial: Trial, ending: Ending) => Promise<void>;

/** The same trial ends once, whoever of several replicas comes first. */
export const createConclude =
  ({ database, clock, random, log, forget, recordVerdict }: ConcludeParts): Conclude =>
  async (trial, ending) => {
    const node = await findNode(database, trial.node);
    if (!node?.hardware) return;
    const { provenance, missed, memory } = node.hardware;
    const now = clock.now();
    const served = await readServed(database, trial.node, now);
    const verdict = await writeEnding(database, trial, ending, (endings) => {
      const { outcome, measured, gpus } = judge(endings, served);
      // What it is made of now never held that. Who shows nothing of it is not to be bound by less than before.
      const isOther = trial.reason === "changed" && outcome.kind === "proven";
      const held = isOther ? null : memory;
      const before = { multiplier: node.multiplier, provenance, missed, memory: held };
      const after = afterVerdict(before, outcome, now, random);
      return {
        verdict: {
          ...{ id: random.uuid(), node: trial.node, outcome: outcome.kind, decidedAt: now },
          ...{ multiplier: after.multiplier, provenance: after.provenance },
          details: { reason: trial.reason, joint: trial.joint, ...measured },
        },
        ...{ after, gpus },
      };
    });
    forget(trial.node);
    if (!verdict) return;
    recordVerdict(verdict);
    log.info(
      { ...verdict, multiplier: formatMultiplier(verdict.multiplier) },
      "a node's hardware was judged",
    );
  };
