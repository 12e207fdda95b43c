/** Leases in this process's memory: the default, for a coordinator that runs alone. */
import type { HeldLease } from "./lease.ts";
import type { Leases } from "./leases.ts";
import { boundedMap } from "../../base/bounded-map.ts";

/** More nodes than one coordinator serves; the oldest beat is forgotten first. */
const mostNodes = 50_000;

export function createMemoryLeases(): Leases {
  const held = boundedMap<string, HeldLease>(mostNodes);
  return {
    read: async (node) => held.get(node)?.lease,
    replace: async (previous, next, snapshot) => {
      const current = held.get(next.node);
      if (current?.lease !== previous) return false;
      held.set(next.node, { lease: next, snapshot: snapshot ?? current?.snapshot });
      return true;
    },
    live: async (now) => [...held.values()].filter(({ lease }) => lease.endsAt > now),
    find: async (node) => held.get(node),
    [Symbol.asyncDispose]: async () => {},
  };
}
