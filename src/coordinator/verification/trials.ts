/**
 * Trials of nodes, as they go with heartbeats. A node that is due is told to stand by; once it beats as PROVING with
 * nothing running it gets a task, and beats again for the next (`steps.ts`), until its verdict is made.
 *
 *   due ──▶ stand by ──PROVING, idle──▶ task ──▶ PROVING … ──▶ verdict
 *
 * Nodes that could share a prover are tried in one round: every task of all of them begins at the same instant, and
 * nobody is done before all have what they need, so that one prover cannot serve two of them at full speed. Everything
 * that decides is in the database: any replica may answer any step.
 */
import { sourcePrefix } from "../../host/source-prefix.ts";
import { digestOf } from "../../protocol/bytes.ts";
import type { Challenge, NextTaskRequest } from "../../protocol/hardware-proof/wire.ts";
import { limits } from "../../protocol/limits.ts";
import type { Heartbeat } from "../../protocol/node.ts";
import type { Node } from "../accounts/node-store.ts";
import {
  type Companion,
  findCompanions,
  openRound,
  writeOwed,
  writeStated,
} from "./hardware-store.ts";
import { patienceMs } from "./policy.ts";
import { createSteps, type StepsParts } from "./steps.ts";
import { findOpenTrial, findSilent, isTried, joinTrial, type Trial } from "./trial-store.ts";

export interface TrialsParts extends StepsParts {
  forget: (node: string) => void;
  /** Whether a node would take part now: `any` a live one at all. */
  isReachable: (node: string, which: "any" | "idle") => Promise<boolean>;
}

export interface Trials {
  /** What the answer to a beat is to bring. @param source the address that the beat came from */
  onBeat(node: Node, beat: Heartbeat, source: string): Promise<Challenge | undefined>;
  /** What one of its further GPUs is to do next; undefined: its trial is over, or it was too late for it. */
  onNext(node: string, request: NextTaskRequest): Promise<Challenge | undefined>;
}

/** Of nodes that have nothing in common with the one that is due: two provers with one GPU are found so, in time. */
const strangers = 1;
/** Whoever of a round is asked at another replica hears of it within a minute, and ends what runs meanwhile. */
const leadMs = 75_000;
/** What still runs may take as long as the owner's `drain`, and then there is the proof itself. */
const trialMs = limits.drainMs + limits.provingMs;
/** The node says of itself, by its beats, whether something runs on it. */
const idle = { active: 0, total: 0 };

export function createTrials(parts: TrialsParts): Trials {
  const { database, clock, random, conclude, forget, isReachable } = parts;
  const step = createSteps(parts);

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
      const asked = trial && (await step(trial, beat));
      // What is remembered of a node may be a minute old; one that is proving itself is being tried for all we know.
      const mayBeTried = trial !== undefined || hardware.isTried || beat.status === "PROVING";
      if (asked || !mayBeTried) return asked;
      return waitForRest(node.id);
    },
    async onNext(node, { gpu, filled }) {
      const trial = await findOpenTrial(database, node, gpu);
      if (trial) return step(trial, { status: "PROVING", slots: idle, filled });
      const joining = { id: random.uuid(), node, gpu };
      return (await joinTrial(database, joining, clock.now())) ? { kind: "stand_by" } : undefined;
    },
  };

  /** The first GPU is done: the node stands by until the others are, or have fallen silent. */
  async function waitForRest(node: string): Promise<Challenge | undefined> {
    for (const silent of await findSilent(database, node, clock.now()))
      await conclude(silent, { kind: "failed", why: "it fell silent" });
    return (await isTried(database, node)) ? { kind: "stand_by" } : undefined;
  }

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
    // One that is never idle is told to make room in the end: what it proved is old by then. One that was away when
    // it was to be tried with another is told at once: else each would be away, or busy, whenever the other is tried.
    const isBack = hardware?.isOwed === true && (beat.status === "IDLE" || beat.status === "BUSY");
    const isPatient = waited < patienceMs && !isBack;
    if (!isIdle && beat.status !== "PROVING" && isPatient) return undefined;
    const prefix = sourcePrefix(source);
    // Newcomers take nobody but their neighbours away from work: enrolling costs nothing.
    const isNew = hardware?.provenance === "unproven";
    const companions = await findCompanions(database, id, prefix, isNew ? 0 : strangers, now);
    const taking = await Promise.all(
      companions.map(({ node, isClose }) => isReachable(node, isClose ? "any" : "idle")),
    );
    // Two by themselves at the same time could take turns on one prover.
    if (companions.some(({ isTried }) => isTried)) return undefined;
    const others = companions.filter((_, index) => taking[index]);
    const away = companions.filter(({ isClose }, index) => isClose && !taking[index]);
    const isJoint = others.length > 0;
    const startsAt = isJoint ? now + leadMs : now;
    const round = { id: random.uuid(), isJoint, startsAt, endsAt: startsAt + trialMs };
    const members = [id, ...namesOf(others)];
    const trials = members.map((node) => ({ node, trial: random.uuid() }));
    const isOpen = await openRound(database, round, trials, prefix, now);
    if (isOpen) await writeOwed(database, namesOf(away), now);
    for (const node of [...members, ...namesOf(away)]) forget(node);
    return isOpen ? findOpenTrial(database, id) : undefined;
  }
}

const namesOf = (companions: readonly Companion[]) => companions.map(({ node }) => node);
