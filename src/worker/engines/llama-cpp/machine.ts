/** Finds out what this machine could run llama.cpp on, by looking for drivers and libraries, never by loading them. */
import { access, glob, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "./platforms.ts";

/** Where the dynamic linker of the common distributions looks; patterns for what NVIDIA's installer unpacks. */
const libraryFolders = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/usr/lib/wsl/lib",
  "/usr/local/lib",
  "/usr/local/cuda*/lib64",
  "/usr/local/cuda*/targets/*/lib",
];

/** The C library that this Node was linked against; musl reports none. */
function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function hasLibrary(name: string, folders: string[]): Promise<boolean> {
  for (const folder of folders) {
    for await (const _ of glob(join(folder, name))) return true;
  }
  return false;
}

async function hasRenderNode(): Promise<boolean> {
  const nodes = await readdir("/dev/dri").catch(() => []);
  return nodes.some((name) => name.startsWith("renderD"));
}

/** @param env its `LD_LIBRARY_PATH` is searched first, as the dynamic linker does */
export async function inspectMachine(env: NodeJS.ProcessEnv): Promise<Machine> {
  const { platform, arch } = process;
  if (platform !== "linux") {
    return {
      platform,
      architecture: arch,
      glibc: false,
      nvidiaDriver: false,
      cudaRuntime: false,
      vulkan: false,
    };
  }
  const folders = [...(env["LD_LIBRARY_PATH"] ?? "").split(":").filter(Boolean), ...libraryFolders];
  const [moduleLoaded, libcuda, cudart, cublas, libvulkan, renderNode] = await Promise.all([
    exists("/proc/driver/nvidia/version"),
    hasLibrary("libcuda.so.1", folders),
    hasLibrary("libcudart.so.13", folders),
    hasLibrary("libcublas.so.13", folders),
    hasLibrary("libvulkan.so.1", folders),
    hasRenderNode(),
  ]);
  const nvidiaDriver = moduleLoaded || libcuda;
  return {
    platform,
    architecture: arch,
    glibc: hasGlibc(),
    nvidiaDriver,
    cudaRuntime: cudart && cublas,
    vulkan: libvulkan && (renderNode || nvidiaDriver),
  };
}
