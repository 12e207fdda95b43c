/** What Dawn says when it is asked for a GPU that there is not; `webgpu.long.test.ts` holds the locked version to it. */
import { expect, test } from "vitest";
import { adaptersIn, identifierOf } from "./adapters.ts";

const complaint = [
  "no suitable backends found",
  "Available adapters:",
  " * backend: 'vulkan', name: 'NVIDIA GeForce RTX 3060'",
  " * backend: 'vulkan', name: 'AMD Radeon RX 7600 (RADV NAVI33)'",
  " * backend: 'vulkan', name: 'NVIDIA GeForce RTX 3060'",
  "",
].join("\n");

test("its complaint names the GPUs that there are, alike or not", () => {
  expect(adaptersIn(complaint)).toEqual([
    "NVIDIA GeForce RTX 3060",
    "AMD Radeon RX 7600 (RADV NAVI33)",
    "NVIDIA GeForce RTX 3060",
  ]);
  expect(adaptersIn("something else went wrong")).toEqual([]);
});

test("an adapter's device is its name in WebGPU's spelling", () => {
  expect(identifierOf("NVIDIA GeForce RTX 3060")).toBe("nvidia-geforce-rtx-3060");
  expect(identifierOf("SwiftShader Device (Subzero)")).toBe("swiftshader-device-subzero-");
});
