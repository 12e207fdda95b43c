/** What holds and walks a dataset: the part that differs between a GPU's memory and the machine's. */
import { type Clock, sleep } from "../../base/clock.ts";
import {
  computedItems,
  type Dataset,
  heldBytes,
  isDataset,
  isWalk,
  itemBytes,
  laneKey,
  lanesOf,
  lanesPerGroup,
  resultBytes,
  type Walk,
  walkLane,
} from "../../protocol/hardware-proof/memory.ts";
import { itemWords } from "../../protocol/hardware-proof/memory-item.ts";

export interface MemoryProver {
  readonly kind: "webgpu" | "reference";
  /**
   * Fills the dataset, walks all lanes, and holds nothing any more when it resolves.
   * @param filled called once the dataset is held, and resolves with how it is to be walked
   * @param take is given the lanes' results in order, whole groups at a time
   * @throws Error where the dataset does not fit, and the signal's reason when it aborts
   */
  walk(
    dataset: Dataset,
    filled: () => Promise<Walk>,
    take: (results: Uint8Array) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/**
 * Of the machine's own memory: a core computes an item in as long as a GPU computes thousands, so that more than this
 * would not be filled by the time it is to be walked.
 */
const segmentsMost = 64;
/** Between two looks at whatever else the process has to do. */
const turnMs = 50;

/** The machine's own memory, with one thread: what every other prover is compared with. */
export const createReferenceMemoryProver = ({ clock }: { clock: Clock }): MemoryProver => ({
  kind: "reference",
  async walk(dataset, filled, take, signal) {
    if (!isDataset(dataset)) throw new RangeError("the task has a size that no dataset has");
    if (dataset.segments > segmentsMost)
      throw new RangeError(`a processor fills ${segmentsMost} MiB in time, and no more`);
    let turnBegan = clock.monotonic();
    const takeTurns = async () => {
      if (clock.monotonic() - turnBegan < turnMs) return;
      await sleep(clock, 0, signal);
      signal.throwIfAborted();
      turnBegan = clock.monotonic();
    };
    const words = new Int32Array(heldBytes(dataset) / 4);
    const itemAt = (number: number) => words.subarray(number * itemWords, (number + 1) * itemWords);
    const computeItem = computedItems(dataset);
    for (let number = 0; number < heldBytes(dataset) / itemBytes; number += 1) {
      computeItem(number, itemAt(number));
      await takeTurns();
    }
    const walk = await filled();
    if (!isWalk(dataset, walk)) throw new RangeError("no dataset of this size is walked like this");
    const key = laneKey(walk);
    // Not by `itemAt`: a view is made more slowly than 16 words are copied.
    const readItem = (number: number, item: Int32Array) => {
      for (let word = 0; word < itemWords; word += 1)
        item[word] = words[number * itemWords + word]!;
    };
    for (let first = 0; first < lanesOf({ ...dataset, ...walk }); first += lanesPerGroup) {
      const results = new Int32Array((lanesPerGroup * resultBytes) / 4);
      for (let lane = 0; lane < lanesPerGroup; lane += 1)
        walkLane(
          key,
          dataset.segments,
          first + lane,
          readItem,
          results.subarray(4 * lane, 4 * lane + 4),
        );
      take(new Uint8Array(results.buffer));
      await takeTurns();
    }
  },
});
