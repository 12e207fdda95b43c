/** Everything by which a worker notices its owner, as one thing to hand over. */
import type { Clock } from "../../base/clock.ts";
import type { Environment } from "../../host/env.ts";
import { createRunProgram } from "../../host/run-program.ts";
import { type OnBattery, onBatteryHere } from "./battery.ts";
import { firstThatAnswers, instrumentsHere } from "./instruments.ts";
import { type ListPrograms, listProgramsHere } from "./programs.ts";
import type { Instrument } from "./reading.ts";

export interface Senses {
  instrument: Instrument;
  onBattery: OnBattery;
  listPrograms: ListPrograms;
}

/** @param environment its PATH says where the tools are */
export function sensesHere(
  environment: Environment,
  clock: Clock,
  platform: NodeJS.Platform = process.platform,
): Senses {
  const run = createRunProgram(environment, clock);
  return {
    instrument: firstThatAnswers(instrumentsHere(run, clock, platform)),
    onBattery: onBatteryHere(run, platform),
    listPrograms: listProgramsHere(run, platform),
  };
}
