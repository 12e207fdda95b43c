/**
 * A machine without any of the instruments: the system's load average. It tells little, for it counts what waits for a
 * disk, and forgets slowly; so only a machine that is plainly at work counts as busy, and the status says `unknown`.
 */
import { availableParallelism, loadavg } from "node:os";
import type { Instrument } from "./reading.ts";

/** The average of a minute has nearly forgotten after three. */
const lingersMs = 180_000;
/** Load per core that is nothing out of the ordinary. */
const ordinary = 0.5;

/** @returns percent of the cores that are at work beyond the ordinary half */
export const loadBeyond = (average: number, cores: number): number =>
  Math.min(100, Math.max(0, Math.round((average / cores - ordinary) * 100)));

/** Windows has no load average, and Node says 0 there. */
export const createLoadAverage = (
  average: () => number = () => loadavg()[0] ?? 0,
  cores: () => number = availableParallelism,
): Instrument => ({
  read: () =>
    Promise.resolve({
      ...{ source: "load-average", devices: [{ load: loadBeyond(average(), cores()) }] },
      lingersMs,
    }),
});
