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
import type { GpuChoice } from "./alike-gpus.ts";
import type { Exchange } from "./exchange.ts";
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

/** The coordinator keeps an answer until the instant at which all begin, of which it is asked soon enough so. */
const standByMs = 5_000;

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

  const takingPart = await Promise.all(
    child.others.slice(0, limits.provenGpus - 1).map(async (choice, index) => {
      const gpu = index + 1;
      try {
        const chosen = await start(choice);
        const isIn = (await next({ gpu })) !== undefined;
        if (isIn) return [{ gpu, chosen }];
        chosen.child[Symbol.dispose]();
      } catch (error) {
        log.warn({ err: error, gpu: choice.name }, "a GPU takes no part in the proof of hardware");
      }
      return [];
    }),
  ).then((all) => all.flat());

  /** One that breaks gives up what it was asked for, until the coordinator has no more to ask of it. */
  async function work(gpu: number, chosen: ChosenProver): Promise<void> {
    let filled: string | undefined;
    for (;;) {
      const challenge = await next({ gpu, ...(filled !== undefined && { filled }) });
      if (!challenge) return chosen.child[Symbol.dispose]();
      if (challenge.kind === "stand_by") {
        await sleep(clock, standByMs, signal);
        signal.throwIfAborted();
        continue;
      }
      const { session } = challenge;
      filled = undefined;
      try {
        const isRight = await exchange.meet(chosen, challenge, signal);
        if (!isRight) log.error({ device: chosen.device }, "the coordinator found the proof wrong");
        if (challenge.kind === "memory") filled = session;
      } catch (error) {
        signal.throwIfAborted();
        log.info({ err: error, session, gpu }, "a challenge was not met");
        await exchange.giveUp(session, reasonOf(error));
      }
    }
  }

  let hasBegun = false;
  return {
    devices: takingPart.map(({ chosen }) => chosen.device),
    begin() {
      if (hasBegun) return;
      hasBegun = true;
      for (const { gpu, chosen } of takingPart)
        work(gpu, chosen).catch((error: unknown) => {
          if (!signal.aborted) log.warn({ err: error, gpu }, "a GPU left the proof of hardware");
        });
    },
  };
}

export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, limits.modelNameCharacters);
