/**
 * Tells the coordinator that this node is there, what it is and what it has, and hears what is wanted of it. Three
 * failures in a row open a breaker: until it closes again nothing that changes here makes the node call out of turn.
 */
import {
  afterFailure,
  type BreakerPhase,
  breakerPhase,
  type BreakerRule,
  closedBreaker,
} from "../base/breaker.ts";
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
import { afterFailedBeat, type LastBeat } from "./last-beat.ts";

export interface Heartbeats {
  /** One beat, repeated where the coordinator asks for it. @throws TroopError the coordinator's refusal */
  beat(signal: AbortSignal): Promise<void>;
  /** Something else than load changed: beat now. */
  changed(): void;
  /** Load changed: beat now where the status did too. */
  loadChanged(): void;
  /** `open`: the coordinator has not answered for a while, `half_open`: and is asked again. */
  readonly phase: BreakerPhase;
  readonly last: LastBeat;
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
/** A coordinator that comes back meets its nodes within half a minute, not all at once. */
const breakerRule: BreakerRule = { failures: 3, firstMs: 10_000, ceilingMs: 30_000 };
/** Of the pause, at random: nodes that lost the coordinator at one instant do not come back at one. */
const spread = 0.2;

/** Nobody there, or nobody well: a refusal shows that there is. */
const isOutage = (error: unknown): boolean => error instanceof TroopError && error.status >= 500;

export function createHeartbeats(parts: HeartbeatParts): Heartbeats {
  const { coordinator, node, clock, random, log, view, status, enrol, onAnswer } = parts;
  let state = firstBeatState(clock.now());
  let intervalMs = parts.intervalMs;
  let lastStatus: NodeStatus | undefined;
  let lastBeatAt = -Infinity;
  /** Looks at the status again as soon as the coordinator may hear of it. */
  let pending: Timer | undefined;
  let loop: Loop | undefined;
  let breaker = closedBreaker;
  let last: LastBeat = { kind: "none" };

  const phase = () => breakerPhase(breaker, clock.monotonic());

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
    try {
      await beatUntilTaken(signal);
      last = { kind: "answered", at: clock.now() };
    } catch (error) {
      if (!signal.aborted) last = afterFailedBeat(last, error);
      throw error;
    }
  }

  async function beatUntilTaken(signal: AbortSignal): Promise<void> {
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

  /** Milliseconds until the next. */
  async function inTurn(signal: AbortSignal): Promise<number> {
    if (phase() === "open") return breaker.openUntil - clock.monotonic();
    try {
      await beat(signal);
      breaker = closedBreaker;
      return jitter(random, intervalMs);
    } catch (error) {
      breaker = isOutage(error)
        ? afterFailure(breaker, jittered(breakerRule), clock.monotonic())
        : closedBreaker;
      throw error;
    }
  }

  const jittered = (rule: BreakerRule): BreakerRule => ({
    ...rule,
    firstMs: jitter(random, rule.firstMs, spread),
    ceilingMs: jitter(random, rule.ceilingMs, spread),
  });

  const changed = () => {
    forgetPending();
    loop?.wake();
  };
  return {
    beat,
    changed,
    get phase() {
      return phase();
    },
    get last() {
      return last;
    },
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
          if (!isFirst) return inTurn(signal);
          isFirst = false;
          return jitter(random, intervalMs);
        },
        onFailure: (error) => log.warn({ err: error }, "heartbeat failed"),
      });
      return loop.ended;
    },
  };
}
