import { expect, test } from "vitest";
import { isSoftware } from "./device.ts";
import { mayDriveGpu } from "./package.ts";

const info = (change: object) => ({
  ...{ vendor: "nvidia", architecture: "ampere", device: "nvidia-geforce-rtx-3060" },
  ...{ description: "NVIDIA: 580.95.05", isFallbackAdapter: false, ...change },
});

test("a GPU is a GPU", () => {
  expect(isSoftware(info({}))).toBe(false);
  const radeon = { vendor: "amd", device: "radeon-rx-7600", description: "AMD Radeon Software" };
  expect(isSoftware(info(radeon))).toBe(false);
});

test.each([
  { isFallbackAdapter: true },
  { vendor: "google", architecture: "swiftshader" },
  { device: "swiftshader-device-subzero-" },
  { device: "llvmpipe-llvm-19-1-7-256-bits-" },
  { description: "lavapipe Mesa 25.0.7" },
])("a processor that calls itself a GPU is found out by %o", (change) => {
  expect(isSoftware(info(change))).toBe(true);
});

const machine = { platform: "linux", architecture: "x64", glibc: true, vulkan: true };
const drivers = { nvidiaDriver: false, cudaRuntime: false };

test.each([
  [machine, true],
  [{ ...machine, platform: "darwin", glibc: false, vulkan: false }, true],
  [{ ...machine, vulkan: false }, false],
  [{ ...machine, glibc: false }, false],
  [{ ...machine, platform: "win32" }, false],
])("what drives a GPU is fetched only where there may be one: %o", (here, expected) => {
  expect(mayDriveGpu({ ...here, ...drivers })).toBe(expected);
});
