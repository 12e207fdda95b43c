/** What the owner may tell a running worker: wait, go on, finish; and what it says of itself. */
import { TroopError } from "../../protocol/error-codes.ts";
import type { WorkerEvent } from "../lifecycle.ts";
import type { Exchanges } from "../proxy/exchanges.ts";
import { finish } from "../stop.ts";
import type { ControlVerbs } from "./control-socket.ts";
import { pauseNote } from "./pause-note.ts";

export interface SteeringParts {
  /** The worker's own. */
  folder: string;
  move: (event: WorkerEvent) => void;
  exchanges: Pick<Exchanges, "drained">;
  status: () => object;
}

export interface Steering {
  /** The worker is ready: it serves, or waits where its owner had paused it before the last stop. */
  start(): void;
  /** @throws TroopError `data_folder_invalid` where it waits, but would not after a restart */
  pause(): void;
  resume(): void;
  finish(): void;
  /** Resolves once what `finish` was to complete is complete. */
  readonly finished: Promise<void>;
  readonly verbs: ControlVerbs;
}

export function createSteering({ folder, move, exchanges, status }: SteeringParts): Steering {
  const note = pauseNote(folder);
  const { promise: finished, resolve: setFinished } = Promise.withResolvers<void>();
  const pause = () => {
    // The owner's word holds now, even where the disk is full and it cannot be kept.
    move("pause");
    try {
      note.leave();
    } catch (error) {
      throw new TroopError(
        "data_folder_invalid",
        "The worker waits, but that could not be written down: started again, it lends again.",
        { cause: error },
      );
    }
  };
  const resume = () => {
    note.remove();
    move("resume");
  };
  const finishAll = () => void finish(move, exchanges).then(setFinished);
  const done = (verb: () => void) => () => {
    verb();
    return status();
  };
  return {
    start() {
      if (note.isLeft()) move("pause");
      move("ready");
    },
    ...{ pause, resume, finish: finishAll, finished },
    verbs: {
      "GET /status": status,
      "POST /pause": done(pause),
      "POST /resume": done(resume),
      "POST /finish": done(finishAll),
    },
  };
}
