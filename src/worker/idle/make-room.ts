/** The owner's part of a worker: notices them, and makes room for them, or for their word alone where they paused it. */
import type { Dispatcher } from "undici";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Slots } from "../slots.ts";
import { createOwner, type Owner, type PresenceStatus } from "./owner.ts";
import { createRoom, type Room } from "./room.ts";
import type { Senses } from "./senses.ts";
import { type OwnerSettings, usualSettings } from "./settings.ts";
import { createUnload } from "./unload.ts";

export interface MakeRoomParts {
  settings: OwnerSettings | undefined;
  senses: Senses | undefined;
  clock: Clock;
  random: Random;
  log: Log;
  /** Towards the engines. */
  dispatcher: Dispatcher;
  catalogue: Pick<Catalogue, "health" | "refresh" | "offersOf">;
  slots: Pick<Slots, "active">;
  isPaused: () => boolean;
  /** The owner came or went. */
  onPresence: (status: PresenceStatus) => void;
}

export interface MakeRoom extends Pick<Room, "enter" | "note" | "empty"> {
  readonly owner: Owner;
  /** The catalogue changed. */
  review: (offersOf: Catalogue["offersOf"]) => void;
  /** A slot was taken or given back. */
  loadChanged(): void;
  /** The owner paused the worker, or let it go on. */
  needChanged(): void;
  run(signal: AbortSignal): Promise<void>;
}

export function createMakeRoom(parts: MakeRoomParts): MakeRoom {
  const { settings = usualSettings, clock, random, log, dispatcher, catalogue, slots } = parts;
  const stopped = new AbortController();
  const unload = createUnload({ clock, dispatcher });
  let lastActiveAt = -Infinity;

  /** What the engines have in memory changed, by us or perhaps by the owner. */
  const lookAgain = () => {
    catalogue.refresh(stopped.signal).catch((error: unknown) => {
      if (!stopped.signal.aborted) log.warn({ err: error }, "engines not asked");
    });
  };
  const room = createRoom({
    ...{ yield: settings.yield, log, onUnloaded: lookAgain },
    unload: (offer) => unload(offer, stopped.signal),
  });
  const needChanged = () => room.need(parts.isPaused() || owner.isPresent);
  const owner = createOwner({
    ...{ settings, senses: parts.senses, clock, random, log },
    ownWork: () => ({
      running: slots.active,
      restedMs: clock.monotonic() - lastActiveAt,
      // Of all that are known: one that missed a question, or failed thrice, computes for us all the same.
      engines: catalogue.health().map(({ type }) => type),
    }),
    onChange(status) {
      needChanged();
      if (!owner.isPresent) lookAgain();
      parts.onPresence(status);
    },
  });
  return {
    owner,
    ...{ enter: room.enter, note: room.note, empty: room.empty, review: room.review, needChanged },
    loadChanged() {
      lastActiveAt = clock.monotonic();
    },
    async run(signal) {
      const end = () => stopped.abort(signal.reason);
      if (signal.aborted) return end();
      signal.addEventListener("abort", end, { once: true });
      await owner.run(signal);
    },
  };
}
