/**
 * The GPUs that Dawn can be told to use, by name. It has no list of them; but asked for one that there is not, it says
 * which there are. WebGPU's own names of devices are these in small letters, with hyphens for all else.
 */
import type { WebGpuLibrary } from "./binding.ts";

const nobody = "adapter=none has this name";

/** As their drivers call them: two alike have one name, and are in it twice. */
export async function listAdapters({ create }: WebGpuLibrary): Promise<string[]> {
  try {
    await create([nobody]).requestAdapter({ powerPreference: "high-performance" });
    return [];
  } catch (error) {
    return adaptersIn(error instanceof Error ? error.message : String(error));
  }
}

/** ` * backend: 'vulkan', name: 'NVIDIA GeForce RTX 3060'` a line. */
export const adaptersIn = (complaint: string): string[] =>
  [...complaint.matchAll(/^ \* backend: '[^']*', name: '(.+)'$/gm)].map(([, name]) => name!);

/** As WebGPU has the name of a device. */
export const identifierOf = (name: string): string =>
  name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
