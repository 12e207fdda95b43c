/** The process that proves, as the worker sees it: started, asked, and killed whatever it is doing. */
import { fork } from "node:child_process";
import { extname, join } from "node:path";
import { type Clock, within } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Environment } from "../../host/env.ts";
import { createRunProgram } from "../../host/run-program.ts";
import { toBase64url } from "../../protocol/bytes.ts";
import type { ChainTask } from "../../protocol/hardware-proof/chain.ts";
import type { ProofBinding } from "../../protocol/hardware-proof/commitment.ts";
import type { Dataset, Walk } from "../../protocol/hardware-proof/memory.ts";
import type { MemoryOpening } from "../../protocol/hardware-proof/memory-opening.ts";
import type { Opening, RowPlace } from "../../protocol/hardware-proof/opening.ts";
import type { ProvingDevice } from "../../protocol/hardware-proof/wire.ts";
import { limits } from "../../protocol/limits.ts";
import type { Progress } from "../packages/install.ts";
import { type GpuChoice, showAlone } from "./webgpu/alike-gpus.ts";
import { gpuIdOf } from "./describe-gpus.ts";
import type {
  Numbered,
  ProverChoice,
  ProverKind,
  ProverQuestion,
  ProverReply,
} from "./messages.ts";
import { fetchWebGpu } from "./webgpu/package.ts";

/** Each verb rejects where the process ended, or says that it cannot. */
export interface ProverProcess extends Disposable {
  readonly pid: number | undefined;
  readonly device: ProvingDevice;
  /** Of all GPUs here, alike ones as often as there are; none: it computes on the processor. */
  readonly names: readonly string[];
  /** The commitment, base64url. */
  commit(task: ChainTask, binding: ProofBinding): Promise<string>;
  /** Rows of the task that was committed to last. */
  open(rows: RowPlace[]): Promise<Opening>;
  /** Resolves once all of it is held. */
  fill(dataset: Dataset): Promise<void>;
  /** Walks the dataset that is held, and lets go of it. The commitment, base64url. */
  walk(walk: Walk, binding: ProofBinding): Promise<string>;
  /** Lanes of the walk that was committed to last. */
  openLanes(lanes: number[]): Promise<MemoryOpening>;
}

/** Beside this file, with its extension: `.ts` from source, `.js` in `dist/`, since Node strips no types there. */
const processFile = join(import.meta.dirname, `prover-process${extname(import.meta.filename)}`);

/** A driver may hang: with a GPU that fell off its bus, for ever. */
const startMs = 60_000;

export interface StartProcessParts {
  /** Handed on whole: a GPU's driver and its loader may need any of it. */
  environment: Environment;
  clock: Clock;
  random: Random;
  /** What drives a GPU is being fetched. */
  onProgress?: Progress;
}

/**
 * Rejects where this prover cannot run here.
 * @param gpu without one, the fastest
 */
export type StartProcess = (kind: ProverKind, gpu?: GpuChoice) => Promise<ProverProcess>;

export const createStartProcess =
  (parts: StartProcessParts): StartProcess =>
  async (kind, gpu) => {
    const failed = (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return new Error(`${kind}: ${reason}`.slice(0, limits.modelNameCharacters), { cause });
    };
    const choice = await choiceOf(kind, gpu, parts).catch((error: unknown) => {
      throw failed(error);
    });
    const alone = gpu?.ids && showAlone(gpu.ids, parts.environment);
    // `execArgv` is not inherited: a debugger's port or a test runner's loader is not for the child.
    const child = fork(processFile, [], {
      env: { ...(alone?.environment ?? parts.environment) },
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const kill = () => void child.kill("SIGKILL");
    const ended = new Promise<never>((_, reject) => {
      child.once("error", ({ message }) => reject(new Error(`did not start: ${message}`)));
      child.once("exit", (code, by) =>
        reject(new Error(by ? `ended by ${by}` : `ended (${code})`)),
      );
    });
    // Nobody need be waiting when it ends.
    ended.catch(() => alone?.[Symbol.dispose]());

    let asked = 0;
    async function ask<Kind extends ProverReply["kind"]>(question: ProverQuestion, kind: Kind) {
      const number = (asked += 1);
      const { promise, resolve, reject } = Promise.withResolvers<ProverReply>();
      const hear = (message: unknown) => {
        const reply = message as Numbered<ProverReply>;
        if (reply.number === number) resolve(reply);
      };
      child.on("message", hear);
      child.send({ ...question, number }, (error) => error && reject(error));
      const reply = await Promise.race([promise, ended]).finally(() => child.off("message", hear));
      if (reply.kind === kind) return reply as Extract<ProverReply, { kind: Kind }>;
      throw new Error(reply.kind === "failed" ? reply.message : "an answer to another question");
    }

    try {
      const { device: described, names } = await within(
        parts.clock,
        startMs,
        ask({ kind: "start", choice }, "started"),
        new Error(`it did not start within ${startMs / 1_000} s`),
      );
      const device = await withId(described, parts);
      return {
        ...{ pid: child.pid, device, names, [Symbol.dispose]: kill },
        async commit({ seed, n, layers }, binding) {
          const task = { seed: toBase64url(seed), n, layers };
          return (await ask({ kind: "commit", task, binding }, "committed")).root;
        },
        open: async (rows) => (await ask({ kind: "open", rows }, "opened")).opening,
        async fill({ seed, segments }) {
          await ask({ kind: "fill", dataset: { seed: toBase64url(seed), segments } }, "filled");
        },
        async walk({ walkSeed, passes }, binding) {
          const walk = { walkSeed: toBase64url(walkSeed), passes };
          return (await ask({ kind: "walk", walk, binding }, "committed")).root;
        },
        openLanes: async (lanes) =>
          (await ask({ kind: "open_lanes", lanes }, "opened_lanes")).opening,
      };
    } catch (error) {
      kill();
      throw failed(error);
    }
  };

/** WebGPU tells no GPU's id. */
async function withId(
  device: ProvingDevice,
  { environment, clock }: StartProcessParts,
): Promise<ProvingDevice> {
  if (device.prover !== "webgpu") return device;
  const id = await gpuIdOf(createRunProgram(environment, clock), device.name);
  return id === undefined ? device : { ...device, id };
}

const choiceOf = async (
  kind: ProverKind,
  gpu: GpuChoice | undefined,
  parts: StartProcessParts,
): Promise<ProverChoice> =>
  kind === "webgpu"
    ? {
        ...{ prover: kind, folder: await fetchWebGpu(parts) },
        ...{ adapter: gpu?.name, isAlone: gpu?.ids !== undefined },
      }
    : { prover: kind };
