/** One worker, killed at one point of the answer it streams. It starts again, outboxes empty, a day passes. */
import type { DiskPool } from "./disk-pool.ts";
import type { StoredRequest } from "./ledger/tables.ts";
import { type OneStream, simulateOneStream } from "./one-stream.ts";

export interface KilledStream extends OneStream {
  /** Where the worker was when it was killed; undefined where the stream had ended before. */
  point: string | undefined;
  /** Requests in the books that never reached the engine: the worker died on the way there. */
  others: readonly StoredRequest[];
}

/** Touches of the outside between a request's arrival and its receipt's, and a few that come after. */
const mostTouches = 14;
/** An answer takes a few seconds; its receipt leaves within two more. */
const longestMs = 9_000;

export async function simulateKilledStream(seed: number, disks: DiskPool): Promise<KilledStream> {
  let point: string | undefined;
  let hasAsked = false;
  const stream = await simulateOneStream({
    ...{ seed, disks, workerNames: ["worker"] },
    watch(line, { draw, workers, within }) {
      const { machine } = workers[0] ?? {};
      if (line.startsWith("client asks (1)")) {
        hasAsked = true;
        // From here on each point is as likely as another.
        if (draw.chance(0.7)) machine!.killAt(draw.between(1, mostTouches));
        else within(longestMs, () => machine!.kill());
      }
      if (line.startsWith("worker is killed at ") && hasAsked) point ??= line.slice(20);
      return /^client (is|has)/.test(line);
    },
  });
  const others = stream.rows.filter((row) => !stream.runs.includes(row));
  return { ...stream, point, others };
}
