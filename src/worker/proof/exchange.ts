/** What is said to the coordinator in one session: what was computed, and then what it asks to be shown. */
import { type Clock, sleep, within } from "../../base/clock.ts";
import type { CoordinatorClient } from "../../host/coordinator-client.ts";
import { fromBase64url } from "../../protocol/bytes.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import {
  type ChainChallenge,
  type Challenge,
  commitAnswer,
  type CommitRequest,
  verifyAnswer,
  type VerifyRequest,
  type WalkChallenge,
} from "../../protocol/hardware-proof/wire.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { ChosenProver } from "./start-prover.ts";

export type Task = Exclude<Challenge, { kind: "stand_by" }>;

export interface Exchange {
  /** Computes and shows what is asked for, or holds it. False where the coordinator found it wrong. */
  meet(chosen: ChosenProver, task: Task, signal: AbortSignal): Promise<boolean>;
  /** The session counts for nothing. Never rejects. */
  giveUp(session: string, why: string): Promise<void>;
}

/** Where the coordinator does not say. */
const showAgainMs = 1_000;
/** About as long as the coordinator keeps a session. */
const showingMs = 25_000;

const askedElse = () => new Error("the coordinator asks for what was not computed");

export function createExchange(parts: {
  coordinator: CoordinatorClient;
  node: Signer;
  clock: Clock;
  /** Takes models out of memory, as far as that is up to us. */
  emptyMemory: () => Promise<void>;
}): Exchange {
  const { coordinator, node, clock, emptyMemory } = parts;
  const post = { method: "POST", signer: node } as const;
  const bindingOf = (session: string) => ({ session, node: node.id });
  const commit = (body: CommitRequest, signal?: AbortSignal) =>
    coordinator.call({ ...post, path: "/hardware/commit", body, answer: commitAnswer, signal });
  /** What all show who are tried together comes at once: what cannot be checked yet is shown again. */
  const show = async (body: VerifyRequest, signal: AbortSignal) => {
    const call = { ...post, path: "/hardware/verify", body, answer: verifyAnswer, signal };
    const until = clock.monotonic() + showingMs;
    for (;;) {
      try {
        return (await coordinator.call(call)).outcome === "passed";
      } catch (error) {
        const isBusy = error instanceof TroopError && error.code === "rate_limit_exceeded";
        if (!isBusy) throw error;
        // Eight openings at once are more than a node may have under way: sent at once again, each is in the others' way.
        const pauseMs = error.retryAfterMs ?? showAgainMs;
        if (clock.monotonic() + pauseMs >= until) throw error;
        await sleep(clock, pauseMs, signal);
      }
    }
  };

  const inTime = <Result>(waitMs: number, work: Promise<Result>) =>
    within(clock, waitMs, work, new Error("it took longer than the coordinator waits"));

  async function chain(chosen: ChosenProver, challenge: ChainChallenge, signal: AbortSignal) {
    const { child, device } = chosen;
    const { session, seed, n, layers, deadline_ms: waitMs } = challenge;
    const task = { seed: fromBase64url(seed)!, n, layers };
    const root = await inTime(waitMs, child.commit(task, bindingOf(session)));
    const asked = await commit({ session, root, device }, signal);
    if (!("rows" in asked)) throw askedElse();
    return show({ session, opening: await child.open(asked.rows) }, signal);
  }

  async function walk(chosen: ChosenProver, challenge: WalkChallenge, signal: AbortSignal) {
    const { child, device } = chosen;
    const { session, walk_seed, passes, deadline_ms: waitMs } = challenge;
    const how = { walkSeed: fromBase64url(walk_seed)!, passes };
    const root = await inTime(waitMs, child.walk(how, bindingOf(session)));
    const asked = await commit({ session, root, device }, signal);
    if (!("lanes" in asked)) throw askedElse();
    return show({ session, opening: await child.openLanes(asked.lanes) }, signal);
  }

  return {
    async meet(chosen, task, signal) {
      switch (task.kind) {
        case "chain":
          return chain(chosen, task, signal);
        case "memory": {
          const { seed, segments, deadline_ms: waitMs } = task;
          if (chosen.kind === "webgpu") await emptyMemory();
          await inTime(waitMs, chosen.child.fill({ seed: fromBase64url(seed)!, segments }));
          return true;
        }
        case "walk":
          return walk(chosen, task, signal);
        default:
          return task satisfies never;
      }
    },
    async giveUp(session, why) {
      // Unheard, the session ends by itself when its time is over.
      await commit({ session, gave_up: why }).catch(() => undefined);
    },
  };
}
