import { expect, test } from "vitest";
import { describeGpus, idIn } from "./describe-gpus.ts";

const printed =
  "NVIDIA GeForce RTX 3060, 12288 MiB, 580.65.06\nNVIDIA GeForce GT 710, 2048 MiB, 580.65.06\n";

test("each GPU is named with its memory and its driver", async () => {
  const gpus = await describeGpus(async () => ({
    ...{ kind: "ended", code: 0, stdout: printed, stderr: "" },
  }));
  expect(gpus).toEqual([
    "NVIDIA GeForce RTX 3060, 12288 MiB, 580.65.06",
    "NVIDIA GeForce GT 710, 2048 MiB, 580.65.06",
  ]);
});

test.each([
  ["is not installed", { kind: "missing" } as const],
  [
    "has no driver to talk to",
    {
      kind: "ended",
      code: 9,
      stdout: "NVIDIA-SMI has failed, as always, today",
      stderr: "",
    } as const,
  ],
  [
    "says something else",
    { kind: "ended", code: 0, stdout: "No devices were found\n", stderr: "" } as const,
  ],
])("where nvidia-smi %s, none is named", async (_, outcome) => {
  expect(await describeGpus(async () => outcome)).toEqual([]);
});

test("a GPU's id is the one that its driver knows it by, or those of all that are alike", () => {
  const printed =
    "NVIDIA GeForce RTX 3060, GPU-1\nNVIDIA H100, GPU-2\nNVIDIA GeForce RTX 3060, GPU-3\n";
  expect(idIn(printed, "NVIDIA H100")).toBe("GPU-2");
  expect(idIn(printed, "NVIDIA GeForce RTX 3060")).toBe("GPU-1 GPU-3");
  expect(idIn(printed, "NVIDIA")).toBeUndefined();
  expect(idIn("No devices were found\n", "NVIDIA H100")).toBeUndefined();
});
