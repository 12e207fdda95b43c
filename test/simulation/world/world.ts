/** What everybody in a world shares. */
import type { Log } from "../../../src/host/log.ts";
import type { Truth } from "../checks/truth.ts";
import type { Faults } from "./faults.ts";
import type { Keys } from "./keys.ts";
import type { Network } from "./network.ts";
import type { SeededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

export interface World {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly faults: Faults;
  readonly network: Network;
  readonly keys: Keys;
  readonly truth: Truth;
  readonly log: Log;
  /** A line of the trace; nothing is made of it where nobody reads it. */
  note(line: () => string): void;
}

export const coordinatorUrl = "http://127.0.0.1:1";
export const coordinatorName = "coordinator";
