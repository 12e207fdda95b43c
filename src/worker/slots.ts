/** How many requests run at once: as many as the engines compute, or as many as the owner said. A worker queues none. */
import type { Engine } from "./engines/engine.ts";

export interface Slot {
  /** Gives the slot back; idempotent. */
  release(): void;
}

export interface Slots {
  /** Undefined where the engine, or the worker as a whole, has none free. */
  take(engine: Engine): Slot | undefined;
  readonly active: number;
  readonly total: number;
  readonly hasFree: boolean;
}

export interface SlotsParts {
  /** Engines that offer something at present. */
  engines: () => readonly Engine[];
  /** The owner's own number; it replaces what the engines say. */
  configured: number | undefined;
  onChange: () => void;
}

export function createSlots({ engines, configured, onChange }: SlotsParts): Slots {
  const activeAt = new Map<Engine, number>();
  let active = 0;
  const total = () => configured ?? engines().reduce((sum, engine) => sum + engine.slots, 0);
  const add = (engine: Engine, change: 1 | -1) => {
    active += change;
    activeAt.set(engine, (activeAt.get(engine) ?? 0) + change);
    onChange();
  };
  return {
    take(engine) {
      const mostHere = configured ?? engine.slots;
      if (active >= total() || (activeAt.get(engine) ?? 0) >= mostHere) return undefined;
      add(engine, 1);
      let isTaken = true;
      return {
        release() {
          if (isTaken) add(engine, -1);
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
