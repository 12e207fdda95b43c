/**
 * The worker's part of a proof of hardware. The coordinator leads: each heartbeat's answer says whether the node is to
 * stand by, to compute, or to lend again. What computes is a process of its own, which is killed when the owner comes
 * back, when the worker is paused or stops, and after 300 s in any case; where a prover breaks, the next one takes its
 * place and says so.
 */
import { type Clock, deadline, type Timer } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { CoordinatorClient } from "../../host/coordinator-client.ts";
import type { Log } from "../../host/log.ts";
import { fromBase64url } from "../../protocol/bytes.ts";
import {
  askProofAnswer,
  type ChainChallenge,
  type Challenge,
  commitAnswer,
  type CommitRequest,
  type Provenance,
  type ProvingDevice,
  verifyAnswer,
} from "../../protocol/hardware-proof/wire.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { WorkerEvent, WorkerState } from "../lifecycle.ts";
import type { ProverKind } from "./messages.ts";
import { type ChosenProver, type StartProver, startFirst } from "./prover-child.ts";

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
}

/** For the worker's status. */
export interface ProofStatus {
  /** `off`: this worker proves nothing. `unknown`: the coordinator has not said yet. */
  provenance: Provenance | "off" | "unknown";
  /** What computed last. */
  device: ProvingDevice | null;
  /** Why the last proof came to nothing. */
  failure: string | null;
}

export interface Proving {
  /** What a heartbeat's answer asked for; undefined: nothing, or nothing more. */
  heed(challenge: Challenge | undefined): void;
  /** A request ended, the owner came or went, or the worker was told something. */
  review(): void;
  status(): ProofStatus;
  /** Asks to be tried, now and then; ends what computes when `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** A coordinator whose database was lost knows nothing of a worker that runs on. */
const askEveryMs = 6 * 3_600_000;
const backoff = { firstMs: 5_000, ceilingMs: 600_000 };

/** One proof, from the first word to stand by to the last. */
interface Attempt {
  readonly ended: AbortController;
  readonly limit: Timer;
  prover: Promise<ChosenProver> | undefined;
  isComputing: boolean;
}

export function createProving(parts: ProvingParts): Proving {
  const { coordinator, node, clock, random, log, provers } = parts;
  const startProver = provers.length > 0 ? parts.startProver : undefined;
  const { state, move, active, isOwnerPresent, beat } = parts;
  let attempt: Attempt | undefined;
  let provenance: ProofStatus["provenance"] = startProver ? "unknown" : "off";
  let device: ProvingDevice | null = null;
  let failure: string | null = null;
  let stopped = false;
  let askAgain = () => {};

  function begin(start: StartProver): void {
    const limit = clock.timer(limits.provingMs, () => end("it took longer than 300 s"));
    const of = { ended: new AbortController(), limit, prover: undefined, isComputing: false };
    attempt = of;
    take(of, startFirst(start, provers));
  }

  /** Requests are let in until it has started: what it takes to start is not what it is measured by. */
  function take(of: Attempt, started: Promise<ChosenProver>): void {
    of.prover = choose(of, started);
    of.prover.then(
      () => attempt === of && move("prove"),
      (error: unknown) => attempt === of && end(reasonOf(error)),
    );
  }

  /** The prover is killed with the attempt, however late it starts. */
  async function choose(of: Attempt, chosen: Promise<ChosenProver>): Promise<ChosenProver> {
    const { child, ...rest } = await chosen;
    if (of.ended.signal.aborted) child[Symbol.dispose]();
    of.ended.signal.addEventListener("abort", () => child[Symbol.dispose](), { once: true });
    device = rest.device;
    return { child, ...rest };
  }

  /** @param why it came to nothing; undefined where the coordinator has what it needs */
  function end(why?: string): void {
    if (!attempt) return;
    const { ended, limit } = attempt;
    attempt = undefined;
    failure = why ?? null;
    if (why !== undefined) log.warn({ reason: why }, "the proof of hardware came to nothing");
    limit.cancel();
    ended.abort(new Error(why ?? "the proof is over"));
    move("proven");
    askAgain();
  }

  async function compute(of: Attempt, challenge: ChainChallenge): Promise<void> {
    const { signal } = of.ended;
    const { session, n, layers } = challenge;
    of.isComputing = true;
    let chosen: ChosenProver | undefined;
    try {
      chosen = await of.prover!;
      const task = { seed: fromBase64url(challenge.seed)!, n, layers };
      const root = await within(
        challenge.deadline_ms,
        chosen.child.commit(task, { session, node: node.id }),
      );
      const rows = await commit({ session, root, device: chosen.device }, signal);
      const opening = await chosen.child.open(rows);
      const body = { session, opening };
      const { outcome } = await call("/hardware/verify", body, verifyAnswer, signal);
      if (outcome === "wrong") log.error({ device }, "the coordinator found the proof wrong");
    } catch (error) {
      const why = reasonOf(error);
      log.warn({ reason: why, session }, "a challenge was not met");
      await commit({ session, gave_up: why }).catch(() => undefined);
      // A coordinator that is away, or has too much to do, says nothing of the prover.
      if (!signal.aborted && error instanceof TroopError) end(why);
      else if (!signal.aborted) replace(of, chosen, why);
    } finally {
      of.isComputing = false;
      beat();
    }
  }

  /** The next prover takes over; where there is none, that was it. */
  function replace(of: Attempt, broken: ChosenProver | undefined, why: string): void {
    broken?.child[Symbol.dispose]();
    const left = broken ? provers.slice(provers.indexOf(broken.kind) + 1) : [];
    if (left.length === 0) return end(why);
    const insteadOf = `${broken!.kind}: ${why}`.slice(0, limits.modelNameCharacters);
    take(of, startFirst(startProver!, left, insteadOf));
  }

  const call = <Answer>(
    path: string,
    body: object,
    answer: Parameters<typeof coordinator.call<Answer>>[0]["answer"],
    signal?: AbortSignal,
  ) => coordinator.call({ method: "POST", path, body, answer, signer: node, signal });
  const commit = async (body: CommitRequest, signal?: AbortSignal) =>
    (await call("/hardware/commit", body, commitAnswer, signal)).rows;

  async function within<Result>(waitMs: number, work: Promise<Result>): Promise<Result> {
    using limit = deadline(clock, waitMs, new Error("it took longer than the coordinator waits"));
    const { promise, reject } = Promise.withResolvers<never>();
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason), { once: true });
    return await Promise.race([work, promise]);
  }

  return {
    heed(challenge) {
      if (!challenge) return end();
      const mayBegin = startProver && state() === "serving" && !isOwnerPresent() && !stopped;
      if (!attempt && mayBegin) begin(startProver);
      if (attempt && challenge.kind === "chain" && !attempt.isComputing)
        void compute(attempt, challenge);
    },
    review() {
      if (!attempt) return;
      const mayGoOn = state() === "proving" || state() === "serving";
      if (!mayGoOn) end("the worker was told to do something else");
      else if (isOwnerPresent()) end("you came back");
      else if (state() === "proving" && active() === 0) beat();
    },
    status: () => ({ provenance, device, failure }),
    async run(signal) {
      if (!startProver) return;
      signal.addEventListener("abort", () => {
        stopped = true;
        end("the worker stops");
      });
      const loop = startLoop({
        ...{ clock, random, signal, backoff },
        round: async () => {
          const answer = await call("/hardware/challenge", {}, askProofAnswer, signal);
          ({ provenance } = answer);
          if (answer.due_at !== null && answer.due_at <= coordinator.time.now()) beat();
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

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, limits.modelNameCharacters);
