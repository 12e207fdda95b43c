/** The smallest round trip seen of each node: from an answer that it acts on at once to the beat that follows. */
import { boundedMap } from "../../base/bounded-map.ts";
import { limits } from "../../protocol/limits.ts";

export interface RoundTrips {
  /** An answer has left that asks for a beat at once. @param at monotonic ms */
  sent(node: string, at: number): void;
  /** A beat has arrived. */
  heard(node: string, at: number): void;
  /**
   * A span less the way there and back. A node may delay its beats, so that little is taken off, and never more than
   * a twentieth.
   */
  without(node: string, spanMs: number): number;
}

const nodesMost = 10_000;
const shareMost = 0.05;

export function createRoundTrips(): RoundTrips {
  const waiting = boundedMap<string, number>(nodesMost);
  const least = boundedMap<string, number>(nodesMost);
  return {
    sent: (node, at) => waiting.set(node, at),
    heard(node, at) {
      const sentAt = waiting.get(node);
      if (sentAt === undefined) return;
      waiting.delete(node);
      least.set(node, Math.min(at - sentAt, least.get(node) ?? Infinity));
    },
    without(node, spanMs) {
      const seen = least.get(node) ?? 0;
      return spanMs - Math.min(seen, limits.proofRoundTripMs, spanMs * shareMost);
    },
  };
}
