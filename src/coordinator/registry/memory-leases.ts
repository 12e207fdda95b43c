/** Leases in this process's memory: the default, for a coordinator that runs alone. */
import { isNewer, type HeldLease } from "./lease.ts";
import type { Leases } from "./leases.ts";
import { boundedMap } from "../../base/bounded-map.ts";

/** More nodes than one coordinator serves; the oldest beat is forgotten first. */
export const mostNodes = 50_000;

export function createMemoryLeases(): Leases {
  const held = boundedMap<string, HeldLease>(mostNodes);
  return {
    read: async (node) => held.get(node)?.lease,
    write: async (next, snapshot) => {
      const current = held.get(next.node);
      if (current && !isNewer(next, current.lease)) return current.lease;
      held.set(next.node, { lease: next, snapshot: snapshot ?? current?.snapshot });
      return next;
    },
    live: async (now) => [...held.values()].filter(({ lease }) => lease.endsAt > now),
    [Symbol.asyncDispose]: async () => {},
  };
}
