/**
 * One proof of hardware, from the first word to stand by to the last: what computes, what takes its place where it
 * breaks, the node's further GPUs beside it, and the 300 s after which all of it is killed.
 */
import { TroopError } from "../../protocol/error-codes.ts";
import type { Challenge, ProvingDevice } from "../../protocol/hardware-proof/wire.ts";
import { limits } from "../../protocol/limits.ts";
import type { Task } from "./exchange.ts";
import { type FurtherGpus, type FurtherParts, joinFurther, reasonOf } from "./further-gpus.ts";
import type { ProverKind } from "./messages.ts";
import { type ChosenProver, startFirst } from "./start-prover.ts";

export interface AttemptParts extends FurtherParts {
  /** The best first. */
  provers: readonly ProverKind[];
  /** Beat now. */
  beat: () => void;
  /** What computes has started, or another in its place. */
  onStarted: () => void;
  /** It comes to nothing, and waits to be ended. @param isBroken it is of no use to begin again at once */
  onFailed: (why: string, isBroken: boolean) => void;
}

export interface ProvingDevices {
  device: ProvingDevice;
  /** Of the node's further GPUs. */
  others: readonly ProvingDevice[];
}

export interface Attempt {
  /** What a heartbeat's answer asked for. */
  heed(challenge: Challenge): void;
  /** Nothing else runs here any more: the further GPUs may begin. */
  beginFurther(): void;
  /** The session whose dataset is held now. */
  filled(): string | undefined;
  /** Undefined as long as nothing has started. */
  devices(): ProvingDevices | undefined;
  /** Kills whatever computes, however late it starts. */
  end(why: string): void;
}

export function beginAttempt(parts: AttemptParts): Attempt {
  const { clock, log, exchange, startProver, provers, beat, onStarted, onFailed } = parts;
  const ended = new AbortController();
  const { signal } = ended;
  let limit = limited();
  let device: ProvingDevice | undefined;
  let further: FurtherGpus | undefined;
  /** It was asked for something. */
  let hasBegun = false;
  let isComputing = false;
  let filled: string | undefined;
  let prover = take(startFirst(startProver, provers));

  function limited() {
    return clock.timer(limits.provingMs, () => onFailed("it took longer than 300 s", true));
  }

  /** Requests are let in until it has started: what it takes to start is not what it is measured by. */
  function take(started: Promise<ChosenProver>): Promise<ChosenProver> {
    const chosen = choose(started);
    chosen.then(
      () => signal.aborted || onStarted(),
      (error: unknown) => signal.aborted || onFailed(reasonOf(error), true),
    );
    return chosen;
  }

  async function choose(started: Promise<ChosenProver>): Promise<ChosenProver> {
    const chosen = await started;
    const kill = () => chosen.child[Symbol.dispose]();
    signal.addEventListener("abort", kill, { once: true });
    if (signal.aborted) {
      kill();
      throw signal.reason;
    }
    ({ device } = chosen);
    further ??= await joinFurther(parts, chosen, signal);
    return chosen;
  }

  async function compute(challenge: Task): Promise<void> {
    const { session } = challenge;
    isComputing = true;
    filled = undefined;
    let chosen: ChosenProver | undefined;
    try {
      chosen = await prover;
      const isRight = await exchange.meet(chosen, challenge, signal);
      if (!isRight) log.error({ device }, "the coordinator found the proof wrong");
      if (challenge.kind === "memory") filled = session;
    } catch (error) {
      const why = reasonOf(error);
      // Every node is asked for a dataset in the end that it does not hold.
      const isExpected = challenge.kind !== "chain";
      log[isExpected ? "info" : "warn"]({ reason: why, session }, "a challenge was not met");
      await exchange.giveUp(session, why);
      if (signal.aborted || isExpected) return;
      // A coordinator that is away, or has too much to do, says nothing of the prover.
      if (error instanceof TroopError) onFailed(why, false);
      else replace(chosen, why);
    } finally {
      isComputing = false;
      beat();
    }
  }

  /** The next prover takes over; where there is none, that was it. */
  function replace(broken: ChosenProver | undefined, why: string): void {
    broken?.child[Symbol.dispose]();
    const left = broken ? provers.slice(provers.indexOf(broken.kind) + 1) : [];
    if (left.length === 0) return onFailed(why, true);
    const insteadOf = `${broken!.kind}: ${why}`.slice(0, limits.modelNameCharacters);
    prover = take(startFirst(startProver, left, insteadOf));
  }

  return {
    heed(challenge) {
      if (challenge.kind === "stand_by" || isComputing) return;
      if (!hasBegun) {
        // Waiting for the others of a round takes nothing from anybody.
        hasBegun = true;
        limit.cancel();
        limit = limited();
      }
      void compute(challenge);
    },
    beginFurther: () => further?.begin(),
    filled: () => filled,
    devices: () => device && { device, others: further?.devices ?? [] },
    end(why) {
      limit.cancel();
      ended.abort(new Error(why));
    },
  };
}
