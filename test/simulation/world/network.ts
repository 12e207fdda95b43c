/** Ways between machines: how long a message takes, whether it comes at all, and who cannot reach whom. */
import type { Faults } from "./faults.ts";
import type { SeededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

export interface Network {
  /** Milliseconds until a message arrives; undefined where it never does. */
  journey(from: string, to: string): number | undefined;
  /** True where a message arrives once more. */
  duplicates(): boolean;
  isCut(left: string, right: string): boolean;
  /** Cuts a machine off from the others, or from one of them, for a while. */
  cut(machine: string, from: string | undefined, forMs: number): void;
  /** Mends every cut. */
  heal(): void;
}

interface Cut {
  machine: string;
  from: string | undefined;
}

export function createNetwork(scheduler: Scheduler, random: SeededRandom, faults: Faults): Network {
  const cuts = new Set<Cut>();
  const latest = new Map<string, number>();

  const isCut = (left: string, right: string): boolean => {
    for (const { machine, from } of cuts) {
      if (machine === left && (from === undefined || from === right)) return true;
      if (machine === right && (from === undefined || from === left)) return true;
    }
    return false;
  };
  return {
    journey(from, to) {
      if (isCut(from, to)) return undefined;
      if (faults.happens("message_lost", faults.shares.lost)) return undefined;
      let delayMs = random.between(1, 60);
      if (faults.happens("message_delayed", faults.shares.delayed))
        delayMs = random.between(500, 20_000);
      const way = `${from} ${to}`;
      const arrivesAt = scheduler.now + delayMs;
      if (arrivesAt < (latest.get(way) ?? 0)) faults.count("message_reordered");
      else latest.set(way, arrivesAt);
      return delayMs;
    },
    duplicates: () => faults.happens("message_duplicated", faults.shares.duplicated),
    isCut,
    cut(machine, from, forMs) {
      const made: Cut = { machine, from };
      cuts.add(made);
      scheduler.at(forMs, "the network mends", () => void cuts.delete(made));
    },
    heal: () => cuts.clear(),
  };
}
