/** What walking a dataset costs a prover that holds a part of it, in operations. */
import {
  computedItems,
  itemsPerSegment,
  laneKey,
  lanesOf,
  type MemoryTask,
  walkLane,
} from "../../src/protocol/hardware-proof/memory.ts";
import { doubleRounds } from "../../src/protocol/hardware-proof/memory-item.ts";

/** Operations of an item, and of reading one and mixing it in. */
const [itemWork, readWork] = [96 * doubleRounds, 100];
/** One lane in so many is walked. */
const sampled = 32;

/** What a prover does in a walk that holds the first `held` items only, and computes the others for each read. */
export function countedWork(walked: MemoryTask, held: number): number {
  const size = walked.segments * itemsPerSegment;
  const compute = computedItems(walked);
  const dataset = Array.from({ length: size }, (_, number) => {
    const item = new Int32Array(16);
    compute(number, item);
    return item;
  });
  let walking = 0;
  const readItem = (number: number, item: Int32Array) => {
    walking += number < held ? readWork : readWork + itemWork;
    item.set(dataset[number]!);
  };
  const result = new Int32Array(4);
  for (let lane = 0; lane < lanesOf(walked); lane += sampled)
    walkLane(laneKey(walked), walked.segments, lane, readItem, result);
  return sampled * walking;
}
