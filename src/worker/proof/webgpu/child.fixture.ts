/** A process that opens the GPU and does one thing with it: a driver that crashes is not to take the tests along. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ChainTask } from "../../../protocol/hardware-proof/chain.ts";
import type { MemoryTask } from "../../../protocol/hardware-proof/memory.ts";
import type { MemoryOpening } from "../../../protocol/hardware-proof/memory-opening.ts";
import type { RowPlace } from "../../../protocol/hardware-proof/opening.ts";
import type { ProvingDevice } from "../../../protocol/hardware-proof/wire.ts";
import { showAlone, type VulkanIds } from "./alike-gpus.ts";
import { holdMemory } from "../held-memory.ts";
import { createWebGpuProver } from "./chain.ts";
import { type Gpu, openGpu, type OpenGpuOptions } from "./device.ts";
import { createWebGpuMemoryProver } from "./memory.ts";

interface Errand {
  gpu: OpenGpuOptions;
  work:
    | { kind: "describe" }
    | { kind: "digests"; task: ChainTask }
    | { kind: "rows"; task: ChainTask; places: readonly RowPlace[] }
    /** @param bufferBytes as if no buffer could be larger */
    | { kind: "memory"; task: MemoryTask; lanes: readonly number[]; bufferBytes: number }
    /** A shader of one entry, `main`, with a storage buffer to write to, of so many bytes. */
    | { kind: "shader"; code: string; bytes: number };
}

interface Outcomes {
  describe: { device: ProvingDevice; names: readonly string[] };
  digests: Uint8Array;
  rows: Int32Array[];
  memory: { root: Uint8Array; opening: MemoryOpening };
  shader: Uint8Array;
}

function softwareDriver(): string {
  const driver = process.env["TEST_VULKAN_DRIVER"];
  if (driver === undefined) throw new Error("TEST_VULKAN_DRIVER is not set: use npm run test:long");
  return driver;
}

/** By what Vulkan's loader knows a pretended GPU whose own id ends so. */
export const idsOf = (ending: string): VulkanIds => ({
  deviceUUID: [...Buffer.from(`SwiftShaderUUI${ending}\0`)],
  driverUUID: [0, 0, 0x40, 0x01, ...Array<number>(12).fill(0)],
  driverVersion: 5 * 2 ** 22,
});

/**
 * The driver's manifest of a second pretended GPU: the first with another name, as long as its own, and with another id
 * where that is to be told apart.
 */
export function anotherDriver(folder: string, name: string, ending = "D"): string {
  const manifest = JSON.parse(readFileSync(softwareDriver(), "utf8"));
  const library = readFileSync(join(dirname(softwareDriver()), manifest.ICD.library_path));
  const at = library.indexOf("SwiftShader Device");
  library.write(name, at, "SwiftShader Device".length, "latin1");
  library.write(ending, library.indexOf("SwiftShaderUUID") + "SwiftShaderUUI".length, "latin1");
  manifest.ICD.library_path = join(folder, "driver.so");
  writeFileSync(manifest.ICD.library_path, library);
  const path = join(folder, "driver.json");
  writeFileSync(path, JSON.stringify(manifest));
  return path;
}

interface Here {
  allowSoftware?: boolean;
  /** Which GPU, by its name. */
  adapter?: string;
  /** Which one of those of that name. */
  ids?: VulkanIds;
  isAlone?: boolean;
  /** Manifests of further ones. */
  drivers?: readonly string[];
}

/** @throws Error what the child said */
export async function onSoftwareGpu<Kind extends Errand["work"]["kind"]>(
  folder: string,
  work: Extract<Errand["work"], { kind: Kind }>,
  { allowSoftware = true, adapter, drivers = [], ids, isAlone = ids !== undefined }: Here = {},
): Promise<Outcomes[Kind]> {
  const driver = softwareDriver();
  const drives = {
    VK_DRIVER_FILES: [driver, ...drivers].join(":"),
    LD_LIBRARY_PATH: dirname(driver),
  };
  const environment = { ...process.env, ...drives };
  using alone = ids && showAlone(ids, environment);
  const env = { ...(alone?.environment ?? environment) };
  const child = fork(import.meta.filename, [], { serialization: "advanced", execArgv: [], env });
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the child ended with ${code ?? signal}`);
  });
  try {
    child.send({ gpu: { folder, allowSoftware, adapter, isAlone }, work } satisfies Errand);
    const [{ outcome, failure }] = await Promise.race([once(child, "message"), ended]);
    if (failure !== undefined) throw new Error(failure);
    return outcome as Outcomes[Kind];
  } finally {
    ended.catch(() => {});
    child.kill();
  }
}

const never = new AbortController().signal;

async function run(gpu: Gpu, work: Errand["work"]): Promise<Outcomes[keyof Outcomes]> {
  switch (work.kind) {
    case "describe":
      return { device: gpu.described, names: gpu.names };
    case "digests":
      return createWebGpuProver(gpu).digests(work.task, never);
    case "rows":
      return createWebGpuProver(gpu).rows(work.task, work.places, never);
    case "memory": {
      const prover = createWebGpuMemoryProver(gpu, work.bufferBytes);
      // One that is let go of leaves the device free for the next.
      await (await holdMemory(prover, work.task, never))[Symbol.asyncDispose]();
      await using held = await holdMemory(prover, work.task, never);
      const { root, open } = await held.walk(work.task);
      return { root, opening: open(work.lanes) };
    }
    case "shader":
      return gpu.run(never, async (job) => {
        const buffer = job.storage(work.bytes);
        const pipeline = job.pipeline(work.code, "main");
        await job.submit((encoder) =>
          job.dispatch(encoder, { pipeline, buffers: { 0: buffer }, groups: [1] }),
        );
        return job.read(buffer);
      });
    default:
      return work satisfies never;
  }
}

if (process.send && process.argv[1] === import.meta.filename) {
  const [errand] = (await once(process, "message")) as [Errand];
  try {
    await using gpu = await openGpu(errand.gpu);
    process.send({ outcome: await run(gpu, errand.work) });
  } catch (error) {
    process.send({ failure: error instanceof Error ? error.message : String(error) });
  }
}
