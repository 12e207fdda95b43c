/**
 * As much of WebGPU as the provers use, in the shape that the npm package `webgpu` gives it: it is no dependency, so
 * its types are not at hand. W3C, "WebGPU", sections 5 (buffers), 10 (pipelines) and 22 (errors).
 */

/** Bits of a buffer's usage. */
export const bufferUsage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 };
export const mapModeRead = 1;

export interface GpuBuffer {
  readonly size: number;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  destroy(): void;
}

export interface GpuPipeline {
  getBindGroupLayout(index: number): object;
}

interface GpuPass {
  setPipeline(pipeline: GpuPipeline): void;
  setBindGroup(index: number, group: object): void;
  dispatchWorkgroups(x: number, y?: number): void;
  end(): void;
}

export interface GpuEncoder {
  beginComputePass(): GpuPass;
  copyBufferToBuffer(
    source: GpuBuffer,
    sourceOffset: number,
    target: GpuBuffer,
    targetOffset: number,
    bytes: number,
  ): void;
  finish(): object;
}

interface Resource {
  binding: number;
  resource: { buffer: GpuBuffer };
}

export interface GpuLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
}

type ErrorScope = "validation" | "out-of-memory" | "internal";

export interface GpuDevice {
  readonly limits: GpuLimits;
  readonly lost: Promise<{ message: string }>;
  readonly queue: {
    submit(commands: object[]): void;
    writeBuffer(buffer: GpuBuffer, offset: number, data: Uint32Array): void;
    onSubmittedWorkDone(): Promise<void>;
  };
  createBuffer(options: { size: number; usage: number }): GpuBuffer;
  createShaderModule(options: { code: string }): object;
  createComputePipeline(options: {
    layout: "auto";
    compute: { module: object; entryPoint: string };
  }): GpuPipeline;
  createBindGroup(options: { layout: object; entries: Resource[] }): object;
  createCommandEncoder(): GpuEncoder;
  pushErrorScope(scope: ErrorScope): void;
  popErrorScope(): Promise<{ message: string } | null>;
  destroy(): void;
}

/** Every text may be empty. */
export interface GpuInfo {
  readonly vendor: string;
  readonly architecture: string;
  /** The device's name. */
  readonly device: string;
  /** With Vulkan, the driver and its version. */
  readonly description: string;
  /** Computed by the processor. */
  readonly isFallbackAdapter: boolean;
}

export interface GpuAdapter {
  readonly info: GpuInfo;
  readonly limits: GpuLimits;
  requestDevice(options: { requiredLimits: Partial<GpuLimits> }): Promise<GpuDevice>;
}

export interface WebGpuLibrary {
  /** The instance must be kept for as long as anything of it is used. */
  create(options: string[]): {
    requestAdapter(options: { powerPreference: "high-performance" }): Promise<GpuAdapter | null>;
  };
}
