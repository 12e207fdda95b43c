/** Ends a trial: what was measured becomes a verdict, and the verdict what the node counts as. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { formatMultiplier } from "../../protocol/credits.ts";
import { findNode } from "../accounts/node-store.ts";
import type { Database } from "../database.ts";
import { cappedByService } from "./multiplier.ts";
import { afterVerdict, type Outcome } from "./policy.ts";
import type { TaskSize } from "./ramp.ts";
import type { Session } from "./session-store.ts";
import type { Trial } from "./trial-store.ts";
import { readServed } from "./served-store.ts";
import { type VerdictRow, writeVerdict } from "./verdict-store.ts";
import { type ShownMemory, worthOf } from "./worth.ts";

/** What a trial came to. */
export type Ending =
  | {
      kind: "proven";
      size: TaskSize;
      spans: readonly number[];
      memory: ShownMemory;
      absent: number;
    }
  /** A row that was shown is not what was committed to, or was not computed. */
  | { kind: "refuted"; why: string }
  | { kind: "failed"; why: string };

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

export type Conclude = (trial: Trial, ending: Ending, last: Session | undefined) => Promise<void>;

/** The same trial has one verdict, whoever of several replicas comes first. */
export const createConclude =
  ({ database, clock, random, log, forget, recordVerdict }: ConcludeParts): Conclude =>
  async (trial, ending, last) => {
    const node = await findNode(database, trial.node);
    if (!node?.hardware) return;
    const now = clock.now();
    const served =
      ending.kind === "proven" ? await readServed(database, trial.node, now) : undefined;
    const { outcome, measured } = judge(ending, served);
    const { provenance, missed, memory } = node.hardware;
    // What it is made of now never held that. Who shows nothing of it is not to be bound by less than before.
    const isOther = trial.reason === "changed" && ending.kind === "proven";
    const held = isOther ? null : memory;
    const before = { multiplier: node.multiplier, provenance, missed, memory: held };
    const after = afterVerdict(before, outcome, now, random);
    const verdict: VerdictRow = {
      ...{ id: random.uuid(), node: trial.node, trial: trial.id, outcome: ending.kind },
      ...{ multiplier: after.multiplier, provenance: after.provenance, decidedAt: now },
      details: { reason: trial.reason, joint: trial.joint, ...measured },
    };
    // Not among the details, which stay when the account goes: what a GPU is called and its id are its owner's.
    const isFirst = await writeVerdict(database, verdict, after, last?.device?.id);
    forget(trial.node);
    if (!isFirst) return;
    recordVerdict(verdict);
    log.info(
      { ...verdict, multiplier: formatMultiplier(verdict.multiplier) },
      "a node's hardware was judged",
    );
  };

/**
 * Nothing that the node says of itself comes in here.
 * @param served the multiplier that its answers amount to; undefined: too few were asked for
 */
function judge(
  ending: Ending,
  served: number | undefined,
): { outcome: Outcome; measured: Readonly<Record<string, unknown>> } {
  if (ending.kind !== "proven") return { outcome: ending, measured: { why: ending.why } };
  const { size, spans, memory, absent } = ending;
  // Whoever could have lent their hardware meanwhile, and did not show that they did not.
  const { multiplier: shown, ...worth } = worthOf(size, spans, memory, 1 + absent);
  const multiplier = served === undefined ? shown : cappedByService(shown, served);
  const memoryBytes = typeof memory === "string" ? undefined : memory.bytes;
  return {
    outcome: { kind: "proven", multiplier, isShared: absent > 0, memoryBytes },
    measured: {
      ...size,
      spans,
      absent,
      memory_bytes: memoryBytes ?? null,
      ...worth,
      served: served ?? null,
    },
  };
}
