/**
 * The worker's part of a proof of hardware. The coordinator leads: each heartbeat's answer says whether the node is to
 * stand by, to compute, or to lend again. What computes is a process of its own, which is killed when the owner comes
 * back, when the worker is paused or stops, and after 300 s in any case; where a prover breaks, the next one takes its
 * place and says so.
 */
import { afterFailure, breakerPhase, type BreakerRule, closedBreaker } from "../../base/breaker.ts";
import type { Clock, Timer } from "../../base/clock.ts";
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
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { WorkerEvent, WorkerState } from "../lifecycle.ts";
import { createExchange, type Task } from "./exchange.ts";
import { type FurtherGpus, joinFurther, reasonOf } from "./further-gpus.ts";
import type { ProverKind } from "./messages.ts";
import { type ChosenProver, type StartProver, startFirst } from "./start-prover.ts";

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

/** One proof, from the first word to stand by to the last. */
interface Attempt {
  readonly ended: AbortController;
  limit: Timer;
  prover: Promise<ChosenProver> | undefined;
  further: FurtherGpus | undefined;
  /** It was asked for something. */
  hasBegun: boolean;
  isComputing: boolean;
  /** The session whose dataset is held. */
  filled: string | undefined;
}

export function createProving(parts: ProvingParts): Proving {
  const { coordinator, node, clock, random, log, provers } = parts;
  const startProver = provers.length > 0 ? parts.startProver : undefined;
  const { state, move, active, isOwnerPresent, beat } = parts;
  const exchange = createExchange(parts);
  let attempt: Attempt | undefined;
  let provenance: ProofStatus["provenance"] = startProver ? "unknown" : "off";
  let device: ProvingDevice | null = null;
  let others: readonly ProvingDevice[] = [];
  let failure: string | null = null;
  let stopped = false;
  let breaker = closedBreaker;
  let askAgain = () => {};

  /** It is of no use to start it again at once. */
  function fail(why: string): void {
    breaker = afterFailure(breaker, rest, clock.monotonic());
    end(why);
  }

  const limited = () => clock.timer(limits.provingMs, () => fail("it took longer than 300 s"));

  function begin(start: StartProver): void {
    const course = { hasBegun: false, isComputing: false, filled: undefined };
    const nobody = { prover: undefined, further: undefined };
    const of = { ...course, ...nobody, ended: new AbortController(), limit: limited() };
    attempt = of;
    take(of, startFirst(start, provers));
  }

  /** Requests are let in until it has started: what it takes to start is not what it is measured by. */
  function take(of: Attempt, started: Promise<ChosenProver>): void {
    of.prover = choose(of, started);
    of.prover.then(
      () => attempt === of && move("prove"),
      (error: unknown) => attempt === of && fail(reasonOf(error)),
    );
  }

  /** The prover is killed with the attempt, however late it starts. */
  async function choose(of: Attempt, chosen: Promise<ChosenProver>): Promise<ChosenProver> {
    const { child, ...rest } = await chosen;
    const { signal } = of.ended;
    signal.addEventListener("abort", () => child[Symbol.dispose](), { once: true });
    if (signal.aborted) {
      child[Symbol.dispose]();
      throw signal.reason;
    }
    device = rest.device;
    const prover = { child, ...rest };
    if (!of.further) {
      const further = { coordinator, node, clock, log, exchange, startProver: startProver! };
      of.further = await joinFurther(further, prover, signal);
      others = of.further.devices;
    }
    return prover;
  }

  /** @param why it came to nothing; undefined where the coordinator has what it needs */
  function end(why?: string): void {
    if (!attempt) return;
    const { ended, limit } = attempt;
    attempt = undefined;
    failure = why ?? null;
    if (why === undefined) breaker = closedBreaker;
    else log.warn({ reason: why }, "the proof of hardware came to nothing");
    limit.cancel();
    ended.abort(new Error(why ?? "the proof is over"));
    move("proven");
    askAgain();
  }

  async function compute(of: Attempt, challenge: Task): Promise<void> {
    const { signal } = of.ended;
    const { session } = challenge;
    of.isComputing = true;
    of.filled = undefined;
    let chosen: ChosenProver | undefined;
    try {
      chosen = await of.prover!;
      const isRight = await exchange.meet(chosen, challenge, signal);
      if (!isRight) log.error({ device }, "the coordinator found the proof wrong");
      if (challenge.kind === "memory") of.filled = session;
    } catch (error) {
      const why = reasonOf(error);
      // Every node is asked for a dataset in the end that it does not hold.
      const isExpected = challenge.kind !== "chain";
      log[isExpected ? "info" : "warn"]({ reason: why, session }, "a challenge was not met");
      await exchange.giveUp(session, why).catch(() => undefined);
      if (signal.aborted || isExpected) return;
      // A coordinator that is away, or has too much to do, says nothing of the prover.
      if (error instanceof TroopError) end(why);
      else replace(of, chosen, why);
    } finally {
      of.isComputing = false;
      beat();
    }
  }

  /** The next prover takes over; where there is none, that was it. */
  function replace(of: Attempt, broken: ChosenProver | undefined, why: string): void {
    broken?.child[Symbol.dispose]();
    const left = broken ? provers.slice(provers.indexOf(broken.kind) + 1) : [];
    if (left.length === 0) return fail(why);
    const insteadOf = `${broken!.kind}: ${why}`.slice(0, limits.modelNameCharacters);
    take(of, startFirst(startProver!, left, insteadOf));
  }

  return {
    heed(challenge) {
      if (!challenge) return end();
      const isRested = breakerPhase(breaker, clock.monotonic()) !== "open";
      const isFree = state() === "serving" && !isOwnerPresent() && !stopped;
      if (!attempt && startProver && isFree && isRested) begin(startProver);
      if (!attempt || challenge.kind === "stand_by" || attempt.isComputing) return;
      if (!attempt.hasBegun) {
        // Waiting for the others of a round takes nothing from anybody.
        attempt.hasBegun = true;
        attempt.limit.cancel();
        attempt.limit = limited();
      }
      void compute(attempt, challenge);
    },
    review() {
      if (!attempt) return;
      const mayGoOn = state() === "proving" || state() === "serving";
      if (!mayGoOn) end("the worker was told to do something else");
      else if (isOwnerPresent()) end("you came back");
      else if (state() === "proving" && active() === 0) {
        attempt.further?.begin();
        beat();
      }
    },
    filled: () => attempt?.filled,
    status: () => ({ provenance, device, others, failure }),
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
