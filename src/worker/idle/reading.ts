/** What the machine's instruments show at one moment, whoever made them. */

/** A process on a GPU, and how much of it that takes. */
export interface GpuProcess {
  /** As the instrument calls it; empty where it does not say. */
  name: string;
  /** Percent. */
  load: number;
}

export interface Device {
  /** Percent of the time in which it did anything. */
  load: number;
  /** °C. */
  temperature?: number;
  memoryUsedBytes?: number;
  memoryTotalBytes?: number;
  /** Only where they were asked for and the instrument knows them. */
  processes?: readonly GpuProcess[];
}

export interface Reading {
  source: "nvidia" | "amd" | "apple" | "intel" | "load-average";
  devices: readonly [Device, ...Device[]];
  /** For how long after a piece of work has ended the figures still show it. */
  lingersMs: number;
}

/** One instrument. Each is tried in turn; the first that answers is asked from then on. */
export interface Instrument {
  /**
   * Undefined where there is no such thing here, or it does not answer in time. Rejects only with the reason of `signal`.
   * @param look whether it matters which process loads a device, which may cost more
   */
  read(look: { processes: boolean }, signal: AbortSignal): Promise<Reading | undefined>;
}

/** GPU counters are averages over a second at most, and an engine takes a moment to notice that it was hung up on. */
export const gpuLingersMs = 5_000;

/** How long any of the tools may take: asleep, a GPU's driver wakes for a second and more. */
export const toolTimeoutMs = 5_000;

/** A list that is not empty, as a device list must be. */
export const some = <Item>(items: readonly Item[]): [Item, ...Item[]] | undefined => {
  const [first, ...rest] = items;
  return first === undefined ? undefined : [first, ...rest];
};
