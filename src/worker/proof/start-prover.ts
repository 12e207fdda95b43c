/** Which prover a worker computes with: the first that starts; and of several GPUs one process for each. */
import { createRunProgram, type RunProgram } from "../../host/run-program.ts";
import type { ProvingDevice } from "../../protocol/hardware-proof/wire.ts";
import { choicesOf, type GpuChoice } from "./webgpu/alike-gpus.ts";
import type { ProverKind } from "./messages.ts";
import {
  createStartProcess,
  type ProverProcess,
  type StartProcess,
  type StartProcessParts,
} from "./prover-child.ts";

export interface ProverChild extends Omit<ProverProcess, "names"> {
  /** Further GPUs here, each of which another process can prove. */
  readonly others: readonly GpuChoice[];
  /** Why several GPUs of one name are proven as one, and what to install. */
  readonly alikeAsOne?: string;
}

/**
 * Rejects where this prover cannot run here.
 * @param gpu without one, the fastest
 */
export type StartProver = (kind: ProverKind, gpu?: GpuChoice) => Promise<ProverChild>;

export const createStartProver = (parts: StartProcessParts): StartProver =>
  withOthers(createStartProcess(parts), createRunProgram(parts.environment, parts.clock));

/** @param run asks for what tells GPUs of one name apart */
export const withOthers =
  (startProcess: StartProcess, run: RunProgram): StartProver =>
  async (kind, gpu) => {
    const first = await startProcess(kind, gpu);
    if (gpu) return { ...first, others: [] };
    const choices = await choicesOf(run, first.names);
    const own = choices.find(({ name }) => name === first.device.name);
    const others = choices.filter((choice) => choice !== own);
    const unknown = choices.length < first.names.length && { alikeAsOne: needsTools };
    const alike = own?.ids ? own : others.find(({ ids }) => ids);
    if (!alike) return { ...first, others, ...unknown };
    try {
      const alone = await startProcess(kind, alike);
      // Whichever of those of its name the first is: none of them may be tried twice.
      const [kept, ended] = alike === own ? [alone, first] : [first, alone];
      ended[Symbol.dispose]();
      return { ...kept, others, ...unknown };
    } catch (error) {
      const alikeAsOne = `${(error as Error).message}; ${needsLoader}`;
      return { ...first, others: onePerName(others, first.device.name), alikeAsOne };
    }
  };

const needsTools =
  "vulkaninfo does not tell them apart: on Linux, `sudo apt-get install vulkan-tools`";
const needsLoader = "libvulkan1 1.4.364 can show one of them alone, 1.3.239 cannot";

const onePerName = (choices: readonly GpuChoice[], own: string): GpuChoice[] =>
  [...new Set(choices.map(({ name }) => name))]
    .filter((name) => name !== own)
    .map((name) => ({ name }));

/** A prover that works, and why none before it did. */
export interface ChosenProver {
  child: ProverChild;
  kind: ProverKind;
  device: ProvingDevice;
}

/**
 * The first that starts.
 * @param insteadOf why it is not one that was tried before
 * @throws Error the last one's reason
 */
export async function startFirst(
  start: StartProver,
  kinds: readonly ProverKind[],
  insteadOf?: string,
): Promise<ChosenProver> {
  let reason = insteadOf;
  for (const kind of kinds) {
    try {
      const child = await start(kind);
      const device = reason === undefined ? child.device : { ...child.device, instead_of: reason };
      return { child, kind, device };
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  throw new Error(reason ?? "there is no prover");
}
