/**
 * Trials of nodes, as they go with heartbeats. A node that is due is told to stand by; once it beats as PROVING with
 * nothing running it gets a task, commits, shows rows, and beats again for the next, until its verdict is made.
 *
 *   due ──▶ stand by ──PROVING, idle──▶ task ──commit──▶ rows asked ──verify──▶ PROVING … ──▶ verdict
 *
 * Nodes that could share a prover are tried in one round: every task of all of them begins at the same instant, and
 * nobody is done before all have what they need, so that one prover cannot serve two of them at full speed. Everything
 * that decides is in the database: any replica may answer any step.
 */
import { type Clock, sleep } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { sourcePrefix } from "../../host/source-prefix.ts";
import { digestOf, toBase64url } from "../../protocol/bytes.ts";
import type { ChainChallenge, Challenge } from "../../protocol/hardware-proof/wire.ts";
import { limits } from "../../protocol/limits.ts";
import type { Heartbeat } from "../../protocol/node.ts";
import type { Node } from "../accounts/node-store.ts";
import type { Database } from "../database.ts";
import { chainTask } from "./challenge.ts";
import type { Conclude } from "./conclude.ts";
import { findCompanions, openRound, writeStated } from "./hardware-store.ts";
import { patienceMs } from "./policy.ts";
import { planOf, type Plan, type RampSettings, repeatsWanted } from "./ramp.ts";
import {
  endSession,
  findOpenTrial,
  findSessions,
  insertSession,
  type Session,
  type Trial,
} from "./session-store.ts";
import { readRound, writeReady } from "./verdict-store.ts";

export interface TrialsParts {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  ramp: RampSettings;
  conclude: Conclude;
  forget: (node: string) => void;
  /** Whether a node would take part now: `any` a live one at all. */
  isReachable: (node: string, which: "any" | "idle") => Promise<boolean>;
  /** Ends waiting for an instant. */
  stopping: AbortSignal;
}

export interface Trials {
  /** What the answer to a beat is to bring. @param source the address that the beat came from */
  onBeat(node: Node, beat: Heartbeat, source: string): Promise<Challenge | undefined>;
}

/** Of nodes that have nothing in common with the one that is due: two provers with one GPU are found so, in time. */
const strangers = 1;
/** Whoever of a round is asked at another replica hears of it within a minute, and ends what runs meanwhile. */
const leadMs = 75_000;
/** A beat's answer is kept so long at most; nodes beat more often than that, and wait for an answer longer. */
const holdMs = 12_000;
/**
 * A node that comes later than that has missed its turn. Less than any task that counts takes: else one prover could
 * have done another node's by then.
 */
const graceMs = 500;
const sessionsMost = 10;
/** What still runs may take as long as the owner's `drain`, and then there is the proof itself. */
const trialMs = limits.drainMs + limits.provingMs;

const standBy: Challenge = { kind: "stand_by" };

export function createTrials(parts: TrialsParts): Trials {
  const { database, clock, random, ramp, conclude, forget, isReachable, stopping } = parts;

  return {
    async onBeat(node, beat, source) {
      const { hardware } = node;
      if (!hardware) return undefined;
      if (beat.snapshot) await hearOf(node, beat.snapshot.hardware);
      const isDue = hardware.dueAt !== null && hardware.dueAt <= clock.now();
      if (!isDue && !hardware.isTried && beat.status !== "PROVING") return undefined;
      const trial =
        (await findOpenTrial(database, node.id)) ??
        (isDue ? await begin(node, beat, source) : undefined);
      return trial && (await step(trial, beat));
    },
  };

  async function hearOf({ id, hardware }: Node, described: object): Promise<void> {
    const stated = digestOf(JSON.stringify(described));
    if (hardware?.stated === stated) return;
    await writeStated(database, id, stated, clock.now());
    forget(id);
  }

  /** Undefined where it is due no longer, or does not take part now. */
  async function begin(
    { id, hardware }: Node,
    beat: Heartbeat,
    source: string,
  ): Promise<Trial | undefined> {
    const now = clock.now();
    const isIdle = beat.status === "IDLE" && beat.slots.active === 0;
    const waited = now - (hardware?.dueAt ?? now);
    // One that is never idle is told to make room in the end: what it proved is old by then.
    if (!isIdle && beat.status !== "PROVING" && waited < patienceMs) return undefined;
    const prefix = sourcePrefix(source);
    // Newcomers take nobody but their neighbours away from work: enrolling costs nothing.
    const isNew = hardware?.provenance === "unproven";
    const companions = await findCompanions(database, id, prefix, isNew ? 0 : strangers, now);
    const taking = await Promise.all(
      companions.map(({ node, isClose }) => isReachable(node, isClose ? "any" : "idle")),
    );
    const others = companions.filter((_, index) => taking[index]);
    const isJoint = others.length > 0;
    const startsAt = isJoint ? now + leadMs : now;
    const round = { id: random.uuid(), isJoint, startsAt, endsAt: startsAt + trialMs };
    const members = [id, ...others.map(({ node }) => node)];
    const trials = members.map((node) => ({ node, trial: random.uuid() }));
    const isOpen = await openRound(database, round, trials, prefix, now);
    for (const node of members) forget(node);
    return isOpen ? findOpenTrial(database, id) : undefined;
  }

  async function step(trial: Trial, beat: Heartbeat): Promise<Challenge | undefined> {
    const sessions = await findSessions(database, trial.id);
    const last = sessions.at(-1);
    const fail = async (why: string) => {
      await conclude(trial, { kind: "failed", why }, last);
      return undefined;
    };
    if (last && last.state !== "ended") {
      if (clock.now() < last.issuedAt + limits.proofSlotMs) return standBy;
      await endSession(database, last.id, ["issued", "committed", "checking"], "late");
      return fail("it did not answer in time");
    }
    const plan = planOf(historyOf(sessions), ramp);
    const isReady = plan.kind === "repeat" && plan.spans.length >= repeatsWanted;
    const isOver = clock.now() >= trial.endsAt || sessions.length >= sessionsMost;
    if (isReady) {
      if (trial.joint) await writeReady(database, trial.id);
      const others = await readRound(database, trial, clock.now());
      if (others.unready === 0 || isOver) {
        const { size, spans } = plan;
        await conclude(trial, { kind: "proven", size, spans, absent: others.absent }, last);
        return undefined;
      }
    }
    if (isOver) return fail("it did not take part, or not to the end");
    if (beat.status !== "PROVING" || beat.slots.active > 0) return standBy;

    const waitMs = trial.joint
      ? trial.startsAt + sessions.length * limits.proofSlotMs - clock.now()
      : 0;
    if (waitMs < -graceMs) return fail("it missed its turn");
    if (waitMs > holdMs) return standBy;
    if (waitMs > 0) await sleep(clock, waitMs, stopping);
    if (stopping.aborted) return standBy;
    return issue(trial, sessions.length, plan);
  }

  async function issue(trial: Trial, number: number, plan: Plan): Promise<Challenge> {
    const { n, layers } = plan.size;
    const binding = { session: random.uuid(), node: trial.node };
    // A secret of this session alone: nothing that could leak makes the next task known.
    const task = chainTask(random.bytes(32), binding, { n, layers });
    const seed = toBase64url(task.seed);
    const isMine = await insertSession(database, {
      ...{ id: binding.session, trial: trial.id, number, node: trial.node },
      ...{ kind: "chain", seed, size: plan.size, issuedAt: clock.now() },
    });
    if (!isMine) return standBy;
    return {
      ...{ kind: "chain", session: binding.session, seed, layers },
      ...{ n: n as ChainChallenge["n"], deadline_ms: limits.commitWaitMs },
    };
  }
}

/** What passed since the prover was last exchanged. */
function historyOf(sessions: readonly Session[]) {
  const gaveUp = sessions.findLastIndex(({ outcome }) => outcome === "gave_up");
  return sessions
    .slice(gaveUp + 1)
    .flatMap(({ outcome, spanMs, size }) =>
      outcome === "passed" && spanMs !== null ? [{ ...size, spanMs }] : [],
    );
}
