/** Whether GPUs are there, and whether the tools that tell about them work. */
import { existsSync } from "node:fs";
import type { ProgramOutcome } from "../../../host/run-program.ts";
import type { Desk } from "./desk.ts";
import { type Found, ok, problem, warning } from "./finding.ts";

export interface GpuFacts {
  maker: "NVIDIA" | "AMD";
  /** Whether the kernel's driver shows a device. */
  hasDevice: boolean;
  tool: string;
  outcome: ProgramOutcome;
}

export function judgeGpus(makers: readonly GpuFacts[]): Found[] {
  const found = makers.flatMap(({ maker, hasDevice, tool, outcome }): Found[] => {
    if (outcome.kind === "missing")
      return hasDevice
        ? [
            warning(
              "gpu_tool_missing",
              `There is a GPU of ${maker}, but not ${tool}: whether you use it cannot be seen.`,
              installs[maker],
            ),
          ]
        : [];
    if (outcome.kind === "ended" && outcome.code === 0) {
      const names = outcome.stdout.split("\n").filter((line) => line.trim() !== "");
      return [
        ok("gpu_works", `${tool} works${maker === "NVIDIA" ? `: ${names.join(", ")}` : ""}.`),
      ];
    }
    const said =
      outcome.kind === "failed"
        ? outcome.reason
        : (outcome.stderr || outcome.stdout).trim().split("\n")[0] ||
          `it ended with ${outcome.code}`;
    return [problem("gpu_tool_fails", `${tool} does not work: ${said}`, drivers[maker])];
  });
  if (found.length > 0) return found;
  return [ok("gpu_none", "No GPU of NVIDIA or AMD; engines compute on what there is.")];
}

const installs: Readonly<Record<GpuFacts["maker"], string>> = {
  NVIDIA: "sudo apt-get install nvidia-smi    (or your distribution's package of NVIDIA's tools)",
  AMD: "sudo apt-get install rocm-smi    (or your distribution's package of ROCm)",
};

const drivers: Readonly<Record<GpuFacts["maker"], string>> = {
  NVIDIA: "sudo modprobe nvidia    (after an update of the driver, restart the machine)",
  AMD: "sudo modprobe amdgpu    (after an update of the driver, restart the machine)",
};

const timeoutMs = 10_000;

async function lookAtGpus({ run, context }: Desk): Promise<GpuFacts[]> {
  const ask = (...command: [string, ...string[]]) => run(command, timeoutMs, context.shutdown);
  const [nvidia, amd] = await Promise.all([
    ask("nvidia-smi", "--query-gpu=name", "--format=csv,noheader"),
    ask("rocm-smi", "--showid"),
  ]);
  return [
    {
      ...{ maker: "NVIDIA", tool: "nvidia-smi", outcome: nvidia },
      hasDevice: ["/dev/nvidiactl", "/proc/driver/nvidia/version"].some((path) => existsSync(path)),
    },
    { maker: "AMD", tool: "rocm-smi", outcome: amd, hasDevice: existsSync("/dev/kfd") },
  ];
}

export const checkGpus = async (desk: Desk): Promise<Found[]> => judgeGpus(await lookAtGpus(desk));
