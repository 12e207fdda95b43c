/** The builds of llama.cpp that npm can provide, and the pure rule that picks one for a machine. */
import { TroopError } from "../../../protocol/error-codes.ts";
import type { LockedPackages } from "../../packages/install.ts";

export interface EngineBuild {
  /** Version of `node-llama-cpp` and of its binary package; they must be equal. */
  version: string;
  /** What llama.cpp computes on; the name is `node-llama-cpp`'s own, `false` is the processor. */
  gpu: "cuda" | "vulkan" | "metal" | false;
  installedBytes: number;
}

/** Folder names under `engines/llama-cpp/`, which are also the names of the binary packages. */
export const engineBuilds = {
  "linux-x64": { version: "3.22.1", gpu: false, installedBytes: 80_000_000 },
  "linux-x64-vulkan": { version: "3.22.1", gpu: "vulkan", installedBytes: 124_000_000 },
  "linux-x64-cuda": { version: "3.22.1", gpu: "cuda", installedBytes: 239_000_000 },
  "linux-arm64": { version: "3.22.1", gpu: false, installedBytes: 70_000_000 },
  // The binary package for macOS lags behind: the newest that npm has decides both.
  "mac-arm64-metal": { version: "3.21.1", gpu: "metal", installedBytes: 64_000_000 },
} as const satisfies Record<string, EngineBuild>;

export type BuildName = keyof typeof engineBuilds;

export const enginePackages = (name: BuildName): LockedPackages => ({
  ...{ family: "llama-cpp", name, title: `The built-in engine (${name})` },
  main: { name: "node-llama-cpp", version: engineBuilds[name].version },
  installedBytes: engineBuilds[name].installedBytes,
});

/** What was found out about the machine; see `machine.ts`. */
export interface Machine {
  platform: string;
  architecture: string;
  /** The prebuilt binaries are linked against glibc; Alpine has another C library. */
  glibc: boolean;
  nvidiaDriver: boolean;
  /** libcudart and libcublas 13, which the CUDA build is linked against and the driver does not bring. */
  cudaRuntime: boolean;
  /** libvulkan, and a device that it could drive. */
  vulkan: boolean;
}

/**
 * The builds worth trying on a machine, best first; the last one never needs a GPU.
 * An NVIDIA card without the CUDA 13 runtime is driven through Vulkan, which its driver brings along.
 * Throws `engine_unavailable` where npm has no build.
 */
export function buildsFor(machine: Machine, gpu: "auto" | "cpu"): BuildName[] {
  const { platform, architecture } = machine;
  if (platform === "darwin" && architecture === "arm64") return ["mac-arm64-metal"];
  if (platform === "linux" && machine.glibc && architecture === "arm64") return ["linux-arm64"];
  if (platform !== "linux" || !machine.glibc || architecture !== "x64") {
    const libc = platform === "linux" && !machine.glibc ? " without glibc" : "";
    throw new TroopError(
      "engine_unavailable",
      `There is no built-in engine for ${platform} on ${architecture}${libc}. Install Ollama (https://ollama.com), start it, and run "troop worker" without --model.`,
    );
  }
  const builds: BuildName[] = [];
  if (gpu === "auto" && machine.nvidiaDriver && machine.cudaRuntime) builds.push("linux-x64-cuda");
  if (gpu === "auto" && machine.vulkan) builds.push("linux-x64-vulkan");
  return [...builds, "linux-x64"];
}
