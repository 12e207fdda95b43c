/**
 * The further GPUs of a node that is being tried. Each has a process of its own, and asks the coordinator by itself
 * what it is to do next, as the first one does by the worker's beats.
 */
import { type Clock, sleep } from "../../base/clock.ts";
import type { CoordinatorClient } from "../../host/coordinator-client.ts";
import type { Log } from "../../host/log.ts";
import {
  type Challenge,
  nextTaskAnswer,
  type NextTaskRequest,
  type ProvingDevice,
} from "../../protocol/hardware-proof/wire.ts";
import { limits } from "../../protocol/limits.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { GpuChoice } from "./webgpu/alike-gpus.ts";
import type { Exchange, Task } from "./exchange.ts";
import type { ChosenProver, StartProver } from "./start-prover.ts";

export interface FurtherParts {
  coordinator: CoordinatorClient;
  node: Signer;
  clock: Clock;
  log: Log;
  exchange: Exchange;
  startProver: StartProver;
}

export interface FurtherGpus {
  readonly devices: readonly ProvingDevice[];
  /** From now on they do what they are asked for, until the signal aborts. */
  begin(): void;
}

/** Less than the coordinator keeps an answer for: at the instant at which all begin it has been asked. */
const standByMs = 5_000;

/** One that takes part, and what it is to do first. */
interface Further {
  gpu: number;
  chosen: ChosenProver;
  first: Challenge;
}

/**
 * Resolves once all that can take part do: which must be before the first one is asked for anything. One that does not
 * start is left out, and said.
 * @param signal ends all of them
 */
export async function joinFurther(
  { coordinator, node, clock, log, exchange, startProver }: FurtherParts,
  { kind, child }: ChosenProver,
  signal: AbortSignal,
): Promise<FurtherGpus> {
  const next = async (body: NextTaskRequest): Promise<Challenge | undefined> => {
    const call = { method: "POST", path: "/hardware/next", answer: nextTaskAnswer } as const;
    return (await coordinator.call({ ...call, body, signer: node, signal })).challenge;
  };

  async function start(choice: GpuChoice): Promise<ChosenProver> {
    const started = await startProver(kind, choice);
    const kill = () => started[Symbol.dispose]();
    if (signal.aborted) kill();
    signal.addEventListener("abort", kill, { once: true });
    return { child: started, kind, device: started.device };
  }

  /** Undefined where it takes no part. */
  async function join(choice: GpuChoice, gpu: number): Promise<Further | undefined> {
    let chosen: ChosenProver | undefined;
    try {
      chosen = await start(choice);
      const first = await next({ gpu });
      if (first) return { gpu, chosen, first };
    } catch (error) {
      if (!signal.aborted)
        log.warn({ err: error, gpu: choice.name }, "a GPU takes no part in the proof of hardware");
    }
    chosen?.child[Symbol.dispose]();
    return undefined;
  }

  if (child.alikeAsOne !== undefined)
    log.warn({ reason: child.alikeAsOne }, "GPUs of one name are proven as one");
  const choices = child.others.slice(0, limits.provenGpus - 1);
  const joined = await Promise.all(choices.map((choice, index) => join(choice, index + 1)));
  const takingPart = joined.filter((further) => further !== undefined);

  /** One that breaks gives up what it was asked for, until the coordinator has no more to ask of it. */
  async function work({ gpu, chosen, first }: Further): Promise<void> {
    let filled: string | undefined;
    let challenge = first.kind === "stand_by" ? await ask() : first;
    while (challenge) {
      if (challenge.kind === "stand_by") await sleep(clock, standByMs, signal);
      else filled = (await meet(gpu, chosen, challenge)) ? challenge.session : undefined;
      signal.throwIfAborted();
      challenge = await ask();
    }

    /** A coordinator that is away, or was asked too often, is asked again. */
    async function ask(): Promise<Challenge | undefined> {
      try {
        return await next({ gpu, ...(filled !== undefined && { filled }) });
      } catch (error) {
        log.info({ err: error, gpu }, "the coordinator did not say what is next");
        return { kind: "stand_by" };
      }
    }
  }

  /** Whether a dataset is held now. */
  async function meet(gpu: number, chosen: ChosenProver, task: Task): Promise<boolean> {
    try {
      const isRight = await exchange.meet(chosen, task, signal);
      if (!isRight) log.error({ device: chosen.device }, "the coordinator found the proof wrong");
      return task.kind === "memory";
    } catch (error) {
      signal.throwIfAborted();
      log.info({ err: error, session: task.session, gpu }, "a challenge was not met");
      await exchange.giveUp(task.session, reasonOf(error));
      return false;
    }
  }

  let hasBegun = false;
  return {
    devices: takingPart.map(({ chosen }) => chosen.device),
    begin() {
      if (hasBegun) return;
      hasBegun = true;
      for (const further of takingPart)
        work(further)
          // It ends with the attempt, which says why.
          .catch(() => undefined)
          .finally(() => further.chosen.child[Symbol.dispose]());
    },
  };
}

export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, limits.modelNameCharacters);
