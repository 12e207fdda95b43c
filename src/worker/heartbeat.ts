/** Tells the coordinator that this node is there, what it is and what it has, and hears what is wanted of it. */
import type { Clock, Timer } from "../base/clock.ts";
import { type Loop, startLoop } from "../base/loop.ts";
import { jitter, type Random } from "../base/random.ts";
import type { CoordinatorClient } from "../host/coordinator-client.ts";
import type { Log } from "../host/log.ts";
import { TroopError } from "../protocol/error-codes.ts";
import {
  type Heartbeat,
  heartbeatAnswer,
  type HeartbeatAnswer,
  type NodeStatus,
} from "../protocol/node.ts";
import type { Signer } from "../protocol/signature.ts";
import { afterAnswer, afterStale, firstBeatState, nextBeat, type NodeView } from "./beat.ts";

export interface Heartbeats {
  /** One beat, repeated where the coordinator asks for it. @throws TroopError the coordinator's refusal */
  beat(signal: AbortSignal): Promise<void>;
  /** Something else than load changed: beat now. */
  changed(): void;
  /** Load changed: beat now where the status did too. */
  loadChanged(): void;
  run(signal: AbortSignal): Promise<void>;
}

export interface HeartbeatParts {
  coordinator: CoordinatorClient;
  node: Signer;
  clock: Clock;
  random: Random;
  log: Log;
  /** Until the coordinator says otherwise. */
  intervalMs: number;
  view: () => NodeView;
  /** The status of `view`, which is asked for much more often. */
  status: () => NodeStatus;
  enrol: (signal: AbortSignal) => Promise<void>;
  /** Everything in the answer but its interval and `resend`. */
  onAnswer: (answer: HeartbeatAnswer, signal: AbortSignal) => Promise<void>;
}

/** Enrolling, catching up and resending follow one another at most once each. */
const mostRepeats = 4;
/** A worker with one slot turns busy and idle with each request; the coordinator hears of it once a second. */
const statusSpacingMs = 1_000;
const backoff = { firstMs: 1_000, ceilingMs: 10_000 };

export function createHeartbeats(parts: HeartbeatParts): Heartbeats {
  const { coordinator, node, clock, random, log, view, status, enrol, onAnswer } = parts;
  let state = firstBeatState(clock.now());
  let intervalMs = parts.intervalMs;
  let lastStatus: NodeStatus | undefined;
  let lastBeatAt = -Infinity;
  /** Looks at the status again as soon as the coordinator may hear of it. */
  let pending: Timer | undefined;
  let loop: Loop | undefined;

  function forgetPending() {
    pending?.cancel();
    pending = undefined;
  }

  function makeBeat(): Heartbeat {
    const next = nextBeat(state, view(), random.uuid());
    state = next.state;
    lastStatus = next.beat.status;
    lastBeatAt = clock.monotonic();
    forgetPending();
    return next.beat;
  }

  /** True where the beat is to be repeated. */
  async function recover(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (!(error instanceof TroopError)) return false;
    if (error.code === "node_unknown") {
      state = { ...state, isHeld: false };
      await enrol(signal);
      return true;
    }
    const { started, counter } = error.details;
    if (error.code !== "stale_heartbeat" || typeof started !== "number") return false;
    state = afterStale(state, { started, counter: Number(counter) });
    return true;
  }

  async function beat(signal: AbortSignal): Promise<void> {
    for (let repeats = 0; ; repeats += 1) {
      const body = makeBeat();
      try {
        const call = { method: "POST", path: "/heartbeat", body, signal } as const;
        const answer = await coordinator.call({ ...call, answer: heartbeatAnswer, signer: node });
        state = afterAnswer(state, body, answer.resend);
        intervalMs = answer.interval_ms;
        await onAnswer(answer, signal);
        if (!answer.resend || repeats >= mostRepeats) return;
      } catch (error) {
        if (repeats >= mostRepeats || !(await recover(error, signal))) throw error;
      }
    }
  }

  const changed = () => {
    forgetPending();
    loop?.wake();
  };
  return {
    beat,
    changed,
    loadChanged() {
      if (pending || status() === lastStatus) return;
      const waitMs = lastBeatAt + statusSpacingMs - clock.monotonic();
      if (waitMs <= 0) return changed();
      pending = clock.timer(waitMs, () => {
        pending = undefined;
        if (status() !== lastStatus) loop?.wake();
      });
    },
    run(signal) {
      // Whoever starts the loop has just beaten.
      let isFirst = true;
      loop = startLoop({
        ...{ clock, random, signal, backoff },
        round: async () => {
          if (!isFirst) await beat(signal);
          isFirst = false;
          return jitter(random, intervalMs);
        },
        onFailure: (error) => log.warn({ err: error }, "heartbeat failed"),
      });
      return loop.ended;
    },
  };
}
