/** How many requests run at once: as many as the engines compute, or as many as the owner said. A worker queues none. */
import type { Engine } from "./engines/engine.ts";

export interface Slot {
  /** Whose share of the slots it counts towards; undefined: nobody's. */
  readonly requester: string | undefined;
  /** Gives the slot back; idempotent. */
  release(): void;
}

export interface Slots {
  /**
   * Undefined where the engine, the worker as a whole, or the requester's share of it has none free.
   * @param requester undefined for the owner, who may take them all
   */
  take(engine: Engine, requester?: string): Slot | undefined;
  readonly active: number;
  readonly total: number;
  readonly hasFree: boolean;
}

export interface SlotsParts {
  /** Engines that offer something at present. */
  engines: () => readonly Engine[];
  /** The owner's own number; it replaces what the engines say. */
  configured: number | undefined;
  /** Of one requester at once; undefined: as many as there are. */
  perRequester?: number | undefined;
  onChange: () => void;
}

export function createSlots({ engines, configured, perRequester, onChange }: SlotsParts): Slots {
  const activeAt = new Map<Engine, number>();
  /** Only those that have one. */
  const activeOf = new Map<string, number>();
  let active = 0;
  const total = () => configured ?? engines().reduce((sum, engine) => sum + engine.slots, 0);
  const add = (engine: Engine, requester: string | undefined, change: 1 | -1) => {
    active += change;
    if (requester !== undefined && perRequester !== undefined) {
      const theirs = (activeOf.get(requester) ?? 0) + change;
      if (theirs > 0) activeOf.set(requester, theirs);
      else activeOf.delete(requester);
    }
    activeAt.set(engine, (activeAt.get(engine) ?? 0) + change);
    onChange();
  };
  return {
    take(engine, requester) {
      if (perRequester !== undefined && requester !== undefined)
        if ((activeOf.get(requester) ?? 0) >= perRequester) return undefined;
      const mostHere = configured ?? engine.slots;
      if (active >= total() || (activeAt.get(engine) ?? 0) >= mostHere) return undefined;
      add(engine, requester, 1);
      let isTaken = true;
      return {
        requester,
        release() {
          if (isTaken) add(engine, requester, -1);
          isTaken = false;
        },
      };
    },
    get active() {
      return active;
    },
    get total() {
      return total();
    },
    get hasFree() {
      return active < total();
    },
  };
}
