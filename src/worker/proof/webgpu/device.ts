/**
 * One GPU, opened through Dawn. It belongs in a process of its own: a driver that fails takes its process along, and
 * Dawn ends it where its instance was let go too early.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ProvingDevice } from "../../../protocol/hardware-proof/wire.ts";
import { limits } from "../../../protocol/limits.ts";
import { identifierOf, listAdapters } from "./adapters.ts";
import type { GpuInfo, WebGpuLibrary } from "./binding.ts";
import { startWatching, stopWatching } from "./errors.ts";
import { createGpuRun, type GpuRun } from "./run.ts";

export interface Gpu extends AsyncDisposable {
  readonly described: ProvingDevice;
  /** All GPUs here, this one too, by their drivers' names. */
  readonly names: readonly string[];
  /**
   * Gives `work` the device, takes back all buffers afterwards, and waits for none of its results.
   * One at a time.
   * @throws Error what the device complained of meanwhile, or that it was lost
   */
  run<T>(signal: AbortSignal, work: (run: GpuRun) => Promise<T>): Promise<T>;
}

export interface OpenGpuOptions {
  /** Whose `node_modules` hold `webgpu`. */
  folder: string;
  /** For tests: a processor that pretends to be a GPU is one. */
  allowSoftware: boolean;
  /** Its driver's name for the GPU; without one, whichever the driver calls the fastest. */
  adapter?: string | undefined;
  /** Vulkan's loader was told to show no other GPU. */
  isAlone?: boolean | undefined;
}

/** @throws Error where there is no GPU, or none but a pretended one */
export async function openGpu({
  folder,
  allowSoftware,
  adapter: wanted,
  isAlone = false,
}: OpenGpuOptions): Promise<Gpu> {
  const entry = join(folder, "node_modules", "webgpu", "index.js");
  const library = (await import(pathToFileURL(entry).href)) as WebGpuLibrary;
  const { create } = library;
  const names = await listAdapters(library);
  if (isAlone && names.length > 1)
    throw new Error("Vulkan's loader here is too old to tell GPUs of one name apart");
  let instance: object | undefined = create(wanted === undefined ? [] : [`adapter=${wanted}`]);
  const adapter = await (instance as ReturnType<typeof create>).requestAdapter({
    powerPreference: "high-performance",
  });
  if (!adapter) throw new Error("no driver shows a GPU");
  const name = names.find((known) => identifierOf(known) === adapter.info.device);
  // It takes the first whose name contains what was asked for.
  if (wanted !== undefined && name !== wanted) throw new Error(`${wanted} cannot be chosen here`);
  if (isSoftware(adapter.info) && !allowSoftware)
    throw new Error(`${nameOf(adapter.info)} is no GPU, but the processor`);
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } =
    adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage },
  });
  const lost = device.lost.then(({ message }) => {
    throw new Error(`the GPU was lost: ${message}`);
  });
  // Between two pieces of work, and when all is over, nobody waits for it.
  lost.catch(() => {});
  return {
    described: describe(adapter.info, name),
    names: names.filter((known) => allowSoftware || !isSoftwareName(known)),
    async run(signal, work) {
      await using run = createGpuRun(device, lost, signal);
      startWatching(device);
      try {
        return await Promise.race([work(run), lost]);
      } finally {
        // Where there is a complaint it is why the work failed.
        await stopWatching(device);
      }
    },
    async [Symbol.asyncDispose]() {
      device.destroy();
      instance = undefined;
    },
  };
}

/** What computes on the processor: SwiftShader, and Mesa's llvmpipe, which as a Vulkan driver is called lavapipe. */
export const isSoftware = ({ vendor, architecture, device, description, ...info }: GpuInfo) =>
  info.isFallbackAdapter || isSoftwareName([vendor, architecture, device, description].join(" "));

const isSoftwareName = (text: string): boolean => /swiftshader|llvmpipe|lavapipe/i.test(text);

const nameOf = ({ vendor, architecture, device, description }: GpuInfo): string =>
  device || description || `${vendor} ${architecture}`.trim() || "a GPU without a name";

/** WebGPU tells neither a GPU's memory nor its id. @param name its driver's; undefined: only WebGPU's is known */
function describe(info: GpuInfo, name = nameOf(info)): ProvingDevice {
  const most = limits.modelNameCharacters;
  const driver = info.description.slice(0, most);
  return {
    ...{ prover: "webgpu", name: name.slice(0, most) },
    ...(driver !== "" && { driver }),
  };
}
