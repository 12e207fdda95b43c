/**
 * What a device complains of. A shader with a mistake, or memory that was not to be had, throws nothing by itself, and
 * computes zeros: W3C, "WebGPU", section 22.3.
 */
import type { GpuDevice } from "./binding.ts";

const scopes = ["validation", "out-of-memory", "internal"] as const;

export function startWatching(device: GpuDevice): void {
  for (const scope of scopes) device.pushErrorScope(scope);
}

/** @throws Error what the device complained of since `startWatching` */
export async function stopWatching(device: GpuDevice): Promise<void> {
  const complaints = await Promise.all(scopes.map(() => device.popErrorScope()));
  const complaint = complaints.find((found) => found !== null);
  if (complaint) throw new Error(`the GPU refused its work: ${complaint.message}`);
}
