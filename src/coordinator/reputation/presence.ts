/**
 * How long nodes were there, told by their beats. A node that says that it pauses or leaves is away, which nobody is
 * blamed for; one that was listed and fell silent has missed its beats, ten minutes of them at most each time: those
 * were the minutes in which clients were sent to it. What could not be heard here, nobody has missed.
 */
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import type { NodeStatus } from "../../protocol/node.ts";
import type { Presence } from "./reputation.ts";

/** Of a node's lease, as it was before the present beat. */
export interface LastBeat {
  status: NodeStatus;
  endsAt: number;
}

export interface PresenceWatch {
  /** A beat was taken in. */
  beat(node: string, before: LastBeat | undefined): void;
  /** Beats may have got lost here until now, or been heard by others alone: no silence from before counts. */
  excuse(): void;
  /** What was seen since this was last asked, by node. */
  take(): Map<string, Presence>;
}

const missedMostMs = 10 * 60_000;
const nodesMost = 50_000;
const nothing: Presence = { presentMs: 0, missedMs: 0 };

export function createPresenceWatch(clock: Pick<Clock, "now">, leaseMs: number): PresenceWatch {
  let seen = boundedMap<string, Presence>(nodesMost);
  let heardSince = clock.now();
  return {
    beat(node, before) {
      if (!before) return;
      const lastAt = before.endsAt - leaseMs;
      if (lastAt < heardSince) return;
      const wasListed = before.status === "IDLE" || before.status === "BUSY";
      const spell = spellOf(clock.now() - lastAt, leaseMs, wasListed);
      const { presentMs, missedMs } = seen.get(node) ?? nothing;
      seen.set(node, {
        presentMs: presentMs + spell.presentMs,
        missedMs: missedMs + spell.missedMs,
      });
    },
    excuse() {
      heardSince = clock.now();
    },
    take() {
      const taken = new Map(seen.entries());
      seen = boundedMap(nodesMost);
      return taken;
    },
  };
}

function spellOf(silentMs: number, leaseMs: number, wasListed: boolean): Presence {
  if (silentMs <= leaseMs) return { presentMs: Math.max(0, silentMs), missedMs: 0 };
  return { presentMs: 0, missedMs: wasListed ? Math.min(silentMs, missedMostMs) : 0 };
}
