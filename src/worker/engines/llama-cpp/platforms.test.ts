import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildsFor, engineBuilds, type Machine } from "./platforms.ts";
import { physicalCores, threadsFor } from "./threads.ts";

const plain: Machine = {
  platform: "linux",
  architecture: "x64",
  glibc: true,
  nvidiaDriver: false,
  cudaRuntime: false,
  vulkan: false,
};
const nvidia = { ...plain, nvidiaDriver: true };

test.each([
  ["no GPU", plain, ["linux-x64"]],
  ["a GPU with Vulkan", { ...plain, vulkan: true }, ["linux-x64-vulkan", "linux-x64"]],
  ["the CUDA runtime", { ...nvidia, cudaRuntime: true }, ["linux-x64-cuda", "linux-x64"]],
  ["an NVIDIA driver alone", { ...nvidia, vulkan: true }, ["linux-x64-vulkan", "linux-x64"]],
  ["the CUDA runtime without a driver", { ...plain, cudaRuntime: true }, ["linux-x64"]],
  ["64-bit Arm", { ...plain, architecture: "arm64" }, ["linux-arm64"]],
  ["an Apple chip", { ...plain, platform: "darwin", architecture: "arm64" }, ["mac-arm64-metal"]],
])("on a machine with %s, the builds to try are these", (_, machine, builds) => {
  expect(buildsFor(machine, "auto")).toEqual(builds);
});

test("whoever wants the processor gets it", () => {
  expect(buildsFor({ ...nvidia, cudaRuntime: true, vulkan: true }, "cpu")).toEqual(["linux-x64"]);
});

test.each([
  ["Windows", { ...plain, platform: "win32" }],
  ["an Intel Mac", { ...plain, platform: "darwin" }],
  ["Alpine", { ...plain, glibc: false }],
  ["32-bit Arm", { ...plain, architecture: "arm" }],
])("%s is refused with the way out", (_, machine) => {
  expect(() => buildsFor(machine, "auto")).toThrow(
    expect.objectContaining({
      code: "engine_unavailable",
      message: expect.stringContaining("Ollama"),
    }),
  );
});

test("every lock names its build's exact versions, no registry, and nothing optional", () => {
  const folder = join(import.meta.dirname, "..", "..", "..", "..", "engines", "llama-cpp");
  for (const [name, { version }] of Object.entries(engineBuilds)) {
    const text = readFileSync(join(folder, name, "package-lock.json"), "utf8");
    expect(
      /"resolved"|optionalDependencies|"optional": true,?\n      "(integrity|engines)/.test(text),
    ).toBe(false);
    const { packages } = JSON.parse(text) as { packages: Record<string, { version: string }> };
    expect(packages["node_modules/node-llama-cpp"]?.version).toBe(version);
    expect(packages[`node_modules/@node-llama-cpp/${name}`]?.version).toBe(version);
  }
});

test("threads are the physical cores but one, at least one and at most eight", () => {
  expect([1, 2, 4, 64].map(threadsFor)).toEqual([1, 1, 3, 8]);
  const core = (chip: number, id: number) => `physical id\t: ${chip}\ncore id\t\t: ${id}\n`;
  expect(physicalCores([core(0, 0), core(0, 0), core(0, 1), core(1, 0)].join("\n\n"))).toBe(3);
  expect(physicalCores("processor : 0\n")).toBeUndefined();
});
