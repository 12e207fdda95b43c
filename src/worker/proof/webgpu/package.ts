/** What drives a GPU from Node: Dawn, as the npm package `webgpu` brings it, fetched where there is a GPU to try. */
import type { Clock } from "../../../base/clock.ts";
import type { Random } from "../../../base/random.ts";
import type { Environment } from "../../../host/env.ts";
import { cacheFolder } from "../../../host/folders.ts";
import { inspectMachine } from "../../engines/llama-cpp/machine.ts";
import type { Machine } from "../../engines/llama-cpp/platforms.ts";
import { installPackages, type LockedPackages, type Progress } from "../../packages/install.ts";

/** One package with the binaries of all platforms: Linux with glibc 2.34 or newer, macOS. */
export const webGpuPackages = {
  ...{ family: "webgpu", name: "dawn", title: "What drives the GPU (webgpu)" },
  main: { name: "webgpu", version: "0.6.2" },
  installedBytes: 132_000_000,
} as const satisfies LockedPackages;

/** Whether there may be a GPU that it can drive: by Metal, or by Vulkan, whose driver the machine must bring. */
export const mayDriveGpu = ({ platform, glibc, vulkan }: Machine): boolean =>
  platform === "darwin" || (platform === "linux" && glibc && vulkan);

/**
 * The folder whose `node_modules` hold `webgpu`, fetched with npm where it is missing.
 * @throws TroopError `engine_unavailable` where it cannot be had, Error where there is no GPU to drive
 */
export async function fetchWebGpu(parts: {
  environment: Environment;
  clock: Clock;
  random: Random;
  /** Told where it is fetched, and of nothing else. */
  onProgress?: Progress | undefined;
}): Promise<string> {
  const env = { ...parts.environment };
  if (!mayDriveGpu(await inspectMachine(env))) throw new Error("no driver of a GPU was found");
  return installPackages({
    ...{ packages: webGpuPackages, cacheFolder: cacheFolder(parts.environment), env },
    ...{ clock: parts.clock, random: parts.random, signal: new AbortController().signal },
    onProgress: parts.onProgress ?? (() => {}),
  });
}
