/**
 * The worker's part of a proof of hardware. The coordinator leads: each heartbeat's answer says whether the node is to
 * stand by, to compute, or to lend again. What computes is a process of its own, which is killed when the owner comes
 * back, when the worker is paused or stops, and after 300 s in any case; where a prover breaks, the next one takes its
 * place and says so.
 */
import { afterFailure, breakerPhase, type BreakerRule, closedBreaker } from "../../base/breaker.ts";
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { CoordinatorClient } from "../../host/coordinator-client.ts";
import type { Log } from "../../host/log.ts";
import {
  askProofAnswer,
  type Challenge,
  type Provenance,
  type ProvingDevice,
} from "../../protocol/hardware-proof/wire.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { WorkerEvent, WorkerState } from "../lifecycle.ts";
import { type Attempt, beginAttempt, type ProvingDevices } from "./attempt.ts";
import { createExchange } from "./exchange.ts";
import type { ProverKind } from "./messages.ts";
import type { StartProver } from "./start-prover.ts";

export interface ProvingParts {
  coordinator: CoordinatorClient;
  node: Signer;
  clock: Clock;
  random: Random;
  log: Log;
  /** Without it the worker proves nothing. */
  startProver: StartProver | undefined;
  /** The best first; none: the worker proves nothing. */
  provers: readonly ProverKind[];
  state: () => WorkerState;
  move: (event: WorkerEvent) => void;
  /** Requests that run. */
  active: () => number;
  isOwnerPresent: () => boolean;
  /** Beat now. */
  beat: () => void;
  /** Takes models out of memory, as far as that is up to us. */
  emptyMemory: () => Promise<void>;
}

/** For the worker's status. */
export interface ProofStatus {
  /** `off`: this worker proves nothing. `unknown`: the coordinator has not said yet. */
  provenance: Provenance | "off" | "unknown";
  /** What computed last. */
  device: ProvingDevice | null;
  /** The node's further GPUs, each tried by itself. */
  others: readonly ProvingDevice[];
  /** Why the last proof came to nothing. */
  failure: string | null;
}

export interface Proving {
  /** What a heartbeat's answer asked for; undefined: nothing, or nothing more. */
  heed(challenge: Challenge | undefined): void;
  /** A request ended, the owner came or went, or the worker was told something. */
  review(): void;
  /** The session whose dataset is held now. */
  filled(): string | undefined;
  status(): ProofStatus;
  /** Asks to be tried, now and then; ends what computes when `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** A coordinator whose database was lost knows nothing of a worker that runs on. */
const askEveryMs = 6 * 3_600_000;
const backoff = { firstMs: 5_000, ceilingMs: 600_000 };
/** Of a prover that broke: a trial is open for ten minutes, and every beat's answer says to stand by. */
const rest: BreakerRule = { failures: 1, firstMs: 60_000, ceilingMs: 3_600_000 };

export function createProving(parts: ProvingParts): Proving {
  const { coordinator, node, clock, random, log, provers } = parts;
  const startProver = provers.length > 0 ? parts.startProver : undefined;
  const { state, move, active, isOwnerPresent, beat } = parts;
  const exchange = createExchange(parts);
  let attempt: Attempt | undefined;
  let provenance: ProofStatus["provenance"] = startProver ? "unknown" : "off";
  let last: ProvingDevices | undefined;
  let failure: string | null = null;
  let stopped = false;
  let breaker = closedBreaker;
  let askAgain = () => {};

  const devices = () => attempt?.devices() ?? last ?? { device: null, others: [] };

  const begin = (start: StartProver): Attempt =>
    beginAttempt({
      ...{ ...parts, startProver: start, exchange },
      onStarted: () => move("prove"),
      onFailed(why, isBroken) {
        if (isBroken) breaker = afterFailure(breaker, rest, clock.monotonic());
        end(why);
      },
    });

  /** @param why it came to nothing; undefined where the coordinator has what it needs */
  function end(why?: string): void {
    if (!attempt) return;
    const ending = attempt;
    last = ending.devices() ?? last;
    attempt = undefined;
    failure = why ?? null;
    if (why === undefined) breaker = closedBreaker;
    else log.warn({ reason: why }, "the proof of hardware came to nothing");
    ending.end(why ?? "the proof is over");
    move("proven");
    askAgain();
  }

  return {
    heed(challenge) {
      if (!challenge) return end();
      const isRested = breakerPhase(breaker, clock.monotonic()) !== "open";
      const isFree = state() === "serving" && !isOwnerPresent() && !stopped;
      if (!attempt && startProver && isFree && isRested) attempt = begin(startProver);
      attempt?.heed(challenge);
    },
    review() {
      if (!attempt) return;
      const mayGoOn = state() === "proving" || state() === "serving";
      if (!mayGoOn) end("the worker was told to do something else");
      else if (isOwnerPresent()) end("you came back");
      else if (state() === "proving" && active() === 0) {
        attempt.beginFurther();
        beat();
      }
    },
    filled: () => attempt?.filled(),
    status: () => ({ provenance, ...devices(), failure }),
    async run(signal) {
      if (!startProver) return;
      signal.addEventListener("abort", () => {
        stopped = true;
        end("the worker stops");
      });
      const loop = startLoop({
        ...{ clock, random, signal, backoff },
        round: async () => {
          const path = "/hardware/challenge";
          const ask = { method: "POST", path, body: {}, answer: askProofAnswer } as const;
          const said = await coordinator.call({ ...ask, signer: node, signal });
          ({ provenance } = said);
          if (said.due_at !== null && said.due_at <= coordinator.time.now()) beat();
          return askEveryMs;
        },
        onFailure: (error) =>
          log.warn({ err: error }, "a proof of hardware could not be asked for"),
      });
      askAgain = loop.wake;
      await loop.ended;
    },
  };
}
