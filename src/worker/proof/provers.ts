/** The provers there are, each loaded only where it is used, and what they run on. */
import { cpus, totalmem } from "node:os";
import type { Clock } from "../../base/clock.ts";
import type { ProvingDevice } from "../../protocol/hardware-proof/wire.ts";
import { limits } from "../../protocol/limits.ts";
import { createReferenceMemoryProver, type MemoryProver } from "./memory-prover.ts";
import type { ProverChoice, ProverKind } from "./messages.ts";
import type { ChainProver } from "./prover.ts";

export interface LoadedProver {
  prover: ChainProver;
  memory: MemoryProver;
  device: ProvingDevice;
  /** Of all GPUs here; none: it computes on the processor. */
  names: readonly string[];
}

function onCpu(prover: ChainProver, clock: Clock): LoadedProver {
  const name = (cpus()[0]?.model ?? "unknown").slice(0, limits.modelNameCharacters);
  const memory = createReferenceMemoryProver({ clock });
  return {
    prover,
    memory,
    device: { prover: prover.kind, name, memory_bytes: totalmem() },
    names: [],
  };
}

/** Those that a worker tries, the best first. */
export const usualProvers: readonly ProverKind[] = ["webgpu", "wasm"];

/** @throws Error where it cannot run here */
export async function loadProver(choice: ProverChoice, clock: Clock): Promise<LoadedProver> {
  switch (choice.prover) {
    case "webgpu": {
      const { openGpu } = await import("./webgpu/device.ts");
      const { createWebGpuProver } = await import("./webgpu/chain.ts");
      const gpu = await openGpu({ ...choice, allowSoftware: false });
      const { createWebGpuMemoryProver } = await import("./webgpu/memory.ts");
      const memory = createWebGpuMemoryProver(gpu);
      const { described: device, names } = gpu;
      return { prover: createWebGpuProver(gpu), memory, device, names };
    }
    case "wasm":
      return onCpu((await import("./wasm-prover.ts")).createWasmProver({ clock }), clock);
    case "reference":
      return onCpu((await import("./reference-prover.ts")).createReferenceProver({ clock }), clock);
    default:
      return choice satisfies never;
  }
}
