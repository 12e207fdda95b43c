/** Two workers lend the same; whichever of them speaks is killed in the middle of its answer, and the other goes on. */
import type { DiskPool } from "./disk-pool.ts";
import { type OneStream, simulateOneStream } from "./one-stream.ts";

export interface SurvivedKill extends OneStream {
  /** False where the answer had ended before. */
  isKilled: boolean;
  isAnswered: boolean;
}

/** Between an answer's first word and its last lie a few seconds. */
const longestMs = 3_000;

export async function simulateSurvivedKill(seed: number, disks: DiskPool): Promise<SurvivedKill> {
  let isKilled = false;
  let isAnswered = false;
  let isOver = false;
  const stream = await simulateOneStream({
    ...{ seed, disks, workerNames: ["worker-1", "worker-2"] },
    watch(line, { workers, within }) {
      const [, speaker] = /^client hears (.+)$/.exec(line) ?? [];
      if (speaker)
        within(longestMs, () => {
          if (isOver) return;
          isKilled = true;
          workers.find(({ node }) => node.id === speaker)!.machine.kill();
        });
      const [, ending] = /^client (is .*|has .*) \(1\)$/.exec(line) ?? [];
      isOver ||= ending !== undefined;
      isAnswered ||= ending === "is answered";
      return isOver;
    },
  });
  return { ...stream, isKilled, isAnswered };
}
