/** One piece of work on a GPU: its buffers, its shaders, and the order in which they run. */
import {
  bufferUsage,
  type GpuBuffer,
  type GpuDevice,
  type GpuEncoder,
  type GpuLimits,
  type GpuPipeline,
  mapModeRead,
} from "./binding.ts";
import { startWatching, stopWatching } from "./errors.ts";

/** A shader's entry with its buffers, by the number that the shader knows each by, and as many groups as it takes. */
export interface Dispatch {
  pipeline: GpuPipeline;
  buffers: Readonly<Record<number, GpuBuffer>>;
  groups: readonly [x: number, y?: number];
}

export interface GpuRun extends AsyncDisposable {
  readonly limits: GpuLimits;
  /** @throws Error where the device has no buffers of that size */
  storage(bytes: number): GpuBuffer;
  uniform(...words: number[]): GpuBuffer;
  pipeline(code: string, entryPoint: string): GpuPipeline;
  /**
   * Hands the device its next work, and waits until at most that is left of what it was handed: it never idles, and
   * the signal is heard between two pieces. A piece takes less than the two seconds after which drivers reset a GPU.
   */
  submit(record: (encoder: GpuEncoder) => void): Promise<void>;
  dispatch(encoder: GpuEncoder, dispatch: Dispatch): void;
  /** Resolves once the device has done all that it was handed. @throws Error what it complained of */
  done(): Promise<void>;
  /** What the buffer holds once all is done. */
  read(buffer: GpuBuffer): Promise<Uint8Array>;
}

const { storage, copySource, copyTarget, uniform, mapRead } = bufferUsage;

export function createGpuRun(device: GpuDevice, lost: Promise<never>, signal: AbortSignal): GpuRun {
  const buffers: GpuBuffer[] = [];
  let handed: Promise<void> = Promise.resolve();

  const create = (size: number, usage: number): GpuBuffer => {
    const buffer = device.createBuffer({ size, usage });
    buffers.push(buffer);
    return buffer;
  };
  const submit = async (record: (encoder: GpuEncoder) => void) => {
    signal.throwIfAborted();
    const encoder = device.createCommandEncoder();
    record(encoder);
    device.queue.submit([encoder.finish()]);
    const before = handed;
    handed = device.queue.onSubmittedWorkDone();
    // The next one to wait for it hears of it; the last may be let go of.
    handed.catch(() => {});
    await Promise.race([before, lost]);
  };

  return {
    limits: device.limits,
    storage(bytes) {
      const most = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
      if (bytes > most)
        throw new Error(`the GPU has no buffers of ${bytes} bytes, at most ${most}`);
      return create(bytes, storage | copySource | copyTarget);
    },
    uniform(...words) {
      const buffer = create(4 * words.length, uniform | copyTarget);
      device.queue.writeBuffer(buffer, 0, Uint32Array.from(words));
      return buffer;
    },
    pipeline: (code, entryPoint) =>
      device.createComputePipeline({
        layout: "auto",
        compute: { module: device.createShaderModule({ code }), entryPoint },
      }),
    submit,
    dispatch(encoder, { pipeline, buffers: bound, groups }) {
      const entries = Object.entries(bound).map(([binding, buffer]) => ({
        ...{ binding: Number(binding), resource: { buffer } },
      }));
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      const layout = pipeline.getBindGroupLayout(0);
      pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(...groups);
      pass.end();
    },
    async done() {
      await Promise.race([handed, lost]);
      await stopWatching(device).finally(() => startWatching(device));
    },
    async read(buffer) {
      const copy = create(buffer.size, mapRead | copyTarget);
      await submit((encoder) => encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size));
      await Promise.race([copy.mapAsync(mapModeRead), lost]);
      const bytes = new Uint8Array(copy.getMappedRange()).slice();
      copy.destroy();
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}
