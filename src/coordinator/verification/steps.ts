/**
 * What an open trial asks of its node next: arithmetic until three of one size are there, then datasets until the
 * largest is found that the node holds, and with others a last walk at the same instant; then the verdict.
 *
 *   task ──commit──▶ rows asked ──verify──▶ …      dataset ──filled──▶ walk ──commit──▶ lanes asked ──verify──▶ …
 */
import { type Clock, sleep } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { toBase64url } from "../../protocol/bytes.ts";
import type { ChainChallenge, Challenge } from "../../protocol/hardware-proof/wire.ts";
import { limits } from "../../protocol/limits.ts";
import type { Heartbeat } from "../../protocol/node.ts";
import type { Database } from "../database.ts";
import { chainTask } from "./challenge.ts";
import type { Conclude } from "./conclude.ts";
import type { Ending } from "./judge.ts";
import { memoryTask } from "./memory-challenge.ts";
import { memoryPlanOf, type MemorySettings, rateOf, type TriedWalk } from "./proven-memory.ts";
import { planOf, type RampSettings, repeatsWanted, type TaskSize } from "./ramp.ts";
import {
  type ChainSession,
  endSession,
  findSessions,
  insertSession,
  type MemorySession,
  type NewSession,
  type Session,
  type WalkSize,
  writeTold,
} from "./session-store.ts";
import { readRound, type Trial, writeFound, writeReady } from "./trial-store.ts";
import type { ShownMemory } from "./worth.ts";

export interface StepsParts {
  database: Database;
  clock: Clock;
  random: Random;
  ramp: RampSettings;
  conclude: Conclude;
  /** Ends waiting for an instant. */
  stopping: AbortSignal;
}

/** What is said of a GPU that is being tried: by the node's beat of the first, by a call of its own of any other. */
export type Word = Pick<Heartbeat, "status" | "slots" | "filled">;

/** What the answer brings; undefined: its trial is over. */
export type Step = (trial: Trial, word: Word) => Promise<Challenge | undefined>;

/** A beat's answer is kept so long at most; nodes beat more often than that, and wait for an answer longer. */
const holdMs = 12_000;
/**
 * A node that comes later than that has missed its turn. Less than any task that counts takes: else one prover could
 * have done another node's by then.
 */
const graceMs = 500;
/** For a beat, the dataset, and another beat. */
const walkLeadMs = 25_000;
/** What is not held by then would not be at that instant; and drivers that lend the machine's memory take minutes. */
const fillMs = 12_000;
const chainsMost = 10;
/** A slot for each: afterwards datasets are found, and walked together, within the 300 s that a prover has. */
const jointChainsMost = 7;

const standBy: Challenge = { kind: "stand_by" };
const missedTurn: Ending = { kind: "failed", why: "it missed its turn" };

export function createSteps({ stopping, ...parts }: StepsParts): Step {
  const { database, clock, random, ramp, conclude } = parts;

  async function step(trial: Trial, word: Word): Promise<Challenge | undefined> {
    const sessions = await findSessions(database, trial.id);
    const last = sessions.at(-1);
    const end = async (ending: Ending) => {
      await conclude(trial, ending);
      return undefined;
    };
    if (last && last.state !== "ended") {
      const waited = await goOn(trial, last, word);
      if (waited) return waited;
      if (last.kind === "chain") return end({ kind: "failed", why: "it did not answer in time" });
      return step(trial, word);
    }
    const chains = sessions.filter(({ kind }) => kind === "chain") as ChainSession[];
    const walks = sessions.filter(({ kind }) => kind === "memory") as MemorySession[];
    const plan = planOf(historyOf(chains), ramp);
    const isReady = plan.kind === "repeat" && plan.spans.length >= repeatsWanted;
    const isOver =
      clock.now() >= trial.endsAt || chains.length >= (trial.joint ? jointChainsMost : chainsMost);
    if (isReady) {
      if (trial.joint) await writeReady(database, trial.id);
      const { unready, absent } = await readRound(database, trial, clock.now());
      const prove = (memory: ShownMemory) =>
        end({ kind: "proven", size: plan.size, spans: plan.spans, memory, absent });
      if (!trial.joint || unready === 0 || isOver || walks.length > 0) {
        if (!ramp.memory) return prove("not_asked");
        const settings = ramp.memory;
        const next = await nextWalk(trial, sessions.length, walks, { settings, word });
        if (!("shown" in next)) return next;
        return next.shown === "missed" ? end(missedTurn) : prove(next.shown);
      }
    }
    if (isOver) return end({ kind: "failed", why: "it did not take part, or not to the end" });
    return nextChain(trial, chains.length, plan.size, word, end);
  }

  /** Of a session that is not over. Undefined where its time is. */
  async function goOn(trial: Trial, last: Session, word: Word): Promise<Challenge | undefined> {
    const isInTime = clock.now() < last.issuedAt + limits.proofSlotMs;
    const isHeld = last.kind === "memory" && last.state === "issued" && word.filled === last.id;
    if (!isInTime || (isHeld && isMissed(trial, last.size))) {
      await endSession(database, last.id, ["issued", "walking", "committed", "checking"], "late");
      return undefined;
    }
    if (!isHeld) return standBy;
    if (last.size.together && !(await waitUntil(trial.walksAt!))) return standBy;
    if (!(await writeTold(database, last.id, clock.now()))) return standBy;
    return {
      ...{ kind: "walk", session: last.id, walk_seed: last.walkSeed, passes: last.size.passes },
      deadline_ms: limits.commitWaitMs,
    };
  }

  const isMissed = ({ walksAt }: Trial, { together }: Pick<WalkSize, "together">): boolean =>
    together && walksAt !== null && clock.now() > walksAt + graceMs;

  async function nextChain(
    trial: Trial,
    number: number,
    size: TaskSize,
    word: Word,
    end: (ending: Ending) => Promise<undefined>,
  ): Promise<Challenge | undefined> {
    const at = trial.startsAt + number * limits.proofSlotMs;
    // Busy or not: the others wait for who may yet take part.
    if (trial.joint && clock.now() > at + graceMs) return end(missedTurn);
    if (word.status !== "PROVING" || word.slots.active > 0) return standBy;
    if (trial.joint && !(await waitUntil(at))) return standBy;
    const { n, layers } = size;
    const binding = { session: random.uuid(), node: trial.node };
    // A secret of this session alone: nothing that could leak makes the next task known.
    const seed = toBase64url(chainTask(random.bytes(32), binding, size).seed);
    const work = { kind: "chain", seed, walkSeed: null, size: { n, layers } } as const;
    if (!(await issue(trial, binding.session, number, work))) return standBy;
    return {
      ...{ kind: "chain", session: binding.session, seed, layers },
      ...{ n: n as ChainChallenge["n"], deadline_ms: limits.commitWaitMs },
    };
  }

  async function nextWalk(
    trial: Trial,
    number: number,
    walks: readonly MemorySession[],
    { settings, word }: { settings: MemorySettings; word: Word },
  ): Promise<Challenge | { shown: ShownMemory | "missed" }> {
    const now = clock.now();
    const search = walks.filter(({ size }) => !size.together).map(triedOf);
    const common = walks.find(({ size }) => size.together);
    const isAlone = trial.others === 0;
    // Once the others have their instant, what was found so far is walked with them.
    const isOver = now >= trial.endsAt || trial.walksAt !== null;
    const { kind, size, proven = "none" } = memoryPlanOf(search, settings, isOver);
    if (!isAlone && now >= trial.endsAt) return { shown: "missed" };
    if (common) return { shown: togetherOf(proven, common) };
    const isFound = kind === "done";
    if (isFound && (proven === "none" || isAlone)) return { shown: proven };
    const isTogether = isFound && trial.walksAt !== null;
    if (isTogether && isMissed(trial, { together: true })) return { shown: "missed" };
    if (isFound && !isTogether) {
      await writeFound(database, trial, now + walkLeadMs, now);
      return standBy;
    }
    if (word.status !== "PROVING") return standBy;
    const binding = { session: random.uuid(), node: trial.node };
    const { seed, walkSeed } = memoryTask(random.bytes(32), binding, size);
    const work = {
      kind: "memory" as const,
      ...{ seed: toBase64url(seed), walkSeed: toBase64url(walkSeed) },
      size: { ...size, together: isTogether },
    };
    if (!(await issue(trial, binding.session, number, work))) return standBy;
    return {
      ...{ kind: "memory", session: binding.session, seed: work.seed, segments: size.segments },
      deadline_ms: fillMs,
    };
  }

  /** False where another beat of the node was faster. */
  const issue = (
    { id: trial, node }: Trial,
    id: string,
    number: number,
    work: Pick<NewSession, "kind" | "seed" | "walkSeed" | "size">,
  ): Promise<boolean> =>
    insertSession(database, { ...work, id, trial, number, node, issuedAt: clock.now() });

  /** False where it is too far away to keep an answer for, or all is over. */
  async function waitUntil(at: number): Promise<boolean> {
    const waitMs = at - clock.now();
    if (waitMs > holdMs) return false;
    if (waitMs > 0) await sleep(clock, waitMs, stopping);
    return !stopping.aborted;
  }

  return step;
}

/** What passed since the prover was last exchanged. */
function historyOf(sessions: readonly ChainSession[]) {
  const gaveUp = sessions.findLastIndex(({ outcome }) => outcome === "gave_up");
  return sessions
    .slice(gaveUp + 1)
    .flatMap(({ outcome, spanMs, size }) =>
      outcome === "passed" && spanMs !== null ? [{ ...size, spanMs }] : [],
    );
}

const triedOf = ({ size, outcome, spanMs }: MemorySession): TriedWalk => ({
  ...size,
  spanMs: outcome === "passed" ? spanMs : null,
});

/**
 * As much as it held by itself, and as fast as it was when all others of the round walked too. None where it could not
 * hold it then: others may have filled the same memory.
 */
function togetherOf(proven: ShownMemory, common: MemorySession): ShownMemory | "missed" {
  const { spanMs, ...size } = triedOf(common);
  if (common.outcome === "late") return "missed";
  if (typeof proven === "string" || spanMs === null) return "none";
  return { bytes: proven.bytes, gigabytesPerSecond: rateOf({ ...size, spanMs }) };
}
