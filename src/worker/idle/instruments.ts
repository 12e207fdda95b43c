/** The instruments of this machine, in the order in which they are tried; the first that answers is kept. */
import type { Clock } from "../../base/clock.ts";
import type { RunProgram } from "../../host/run-program.ts";
import { createAmdFiles, createRocmSmi } from "./amd.ts";
import { createApple } from "./apple.ts";
import { createIntelFiles, createXpuSmi } from "./intel.ts";
import { createLoadAverage } from "./load-average.ts";
import { createNvidia } from "./nvidia.ts";
import type { Instrument } from "./reading.ts";

const drm = "/sys/class/drm";

export const instrumentsHere = (
  run: RunProgram,
  clock: Clock,
  platform: NodeJS.Platform = process.platform,
): Instrument[] => [
  createNvidia(run),
  ...(platform === "darwin" ? [createApple(run)] : []),
  ...(platform === "linux"
    ? [createAmdFiles(drm), createRocmSmi(run), createIntelFiles(drm, clock), createXpuSmi(run)]
    : []),
  createLoadAverage(),
];

/** Silent this often in a row, an instrument is given up and all are tried again. */
const silencesMost = 3;

/** Several as one. */
export function firstThatAnswers(instruments: readonly Instrument[]): Instrument {
  let kept: Instrument | undefined;
  let silences = 0;
  return {
    async read(look, signal) {
      if (kept) {
        const reading = await kept.read(look, signal);
        silences = reading ? 0 : silences + 1;
        if (reading || silences < silencesMost) return reading;
        kept = undefined;
        silences = 0;
      }
      for (const instrument of instruments) {
        const reading = await instrument.read(look, signal);
        if (!reading) continue;
        kept = instrument;
        return reading;
      }
      return undefined;
    },
  };
}
