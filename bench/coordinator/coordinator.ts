/** The coordinator's figures: what counting a call costs, and what ten thousand nodes do. */
import type { Figure } from "../figure.ts";
import { callLogFigure } from "./call-log.ts";
import { fleetFigures } from "./fleet-figures.ts";

export const coordinatorFigures = async (rounds: number): Promise<Figure[]> => [
  await callLogFigure(rounds),
  ...(await fleetFigures(rounds)),
];
