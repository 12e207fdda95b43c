/** The dataset in a GPU's memory, in as many buffers as it takes: all of them are read from at every step. */
import {
  type Dataset,
  isDataset,
  isWalk,
  itemKey,
  itemsPerSegment,
  laneKey,
  lanesOf,
  resultBytes,
} from "../../../protocol/hardware-proof/memory.ts";
import type { MemoryProver } from "../memory-prover.ts";
import type { GpuBuffer } from "./binding.ts";
import type { Gpu } from "./device.ts";
import { fillShader, fillWords, threadsPerGroup, walkShader, walkWords } from "./memory-shader.ts";
import type { GpuRun } from "./run.ts";

const segmentBytes = 2 ** 20;
/** Pieces of a fraction of a second on the slowest GPU that is worth lending: drivers reset one that takes two. */
const segmentsPerPiece = 128;
const lanesPerPiece = 2 ** 19;

/** @param bufferBytes for tests: as if buffers could be no larger */
export const createWebGpuMemoryProver = (gpu: Gpu, bufferBytes = Infinity): MemoryProver => ({
  kind: "webgpu",
  walk: (dataset, filled, take, signal) =>
    gpu.run(signal, async (run) => {
      if (!isDataset(dataset)) throw new RangeError("the task has a size that no dataset has");
      const { maxBufferSize, maxStorageBufferBindingSize } = run.limits;
      const most = Math.min(maxBufferSize, maxStorageBufferBindingSize, bufferBytes);
      const perBuffer = Math.floor(most / segmentBytes);
      const buffers = await fill(run, dataset, perBuffer);
      await run.done();

      const walk = await filled();
      if (!isWalk(dataset, walk))
        throw new RangeError("no dataset of this size is walked like this");
      const lanes = lanesOf({ ...dataset, ...walk });
      const results = run.storage(Math.min(lanes, lanesPerPiece) * resultBytes);
      const pipeline = run.pipeline(walkShader(buffers.length, perBuffer), "walk");
      const held = Object.fromEntries(buffers.map((buffer, index) => [index + 2, buffer]));
      const key = laneKey(walk);
      let last: { reading: Promise<Uint8Array>; bytes: number } | undefined;
      for (let first = 0; first < lanes; first += lanesPerPiece) {
        const count = Math.min(lanesPerPiece, lanes - first);
        const task = run.uniform(...walkWords(key, first, dataset.segments));
        const bound = { 0: task, 1: results, ...held };
        await run.submit((encoder) =>
          run.dispatch(encoder, { pipeline, buffers: bound, groups: [count / threadsPerGroup] }),
        );
        const reading = run.read(results);
        // It is awaited after the next piece, which may fail first.
        reading.catch(() => {});
        // The piece before is hashed while the GPU walks this one.
        if (last) take((await last.reading).subarray(0, last.bytes));
        last = { reading, bytes: count * resultBytes };
      }
      take((await last!.reading).subarray(0, last!.bytes));
    }),
});

async function fill(run: GpuRun, dataset: Dataset, perBuffer: number): Promise<GpuBuffer[]> {
  // One of them is for the results.
  const buffersMost = run.limits.maxStorageBuffersPerShaderStage - 1;
  const segmentsMost = perBuffer * buffersMost;
  if (dataset.segments > segmentsMost)
    throw new Error(`the GPU can be read from in ${segmentsMost} MiB at once, and no more`);
  const pipeline = run.pipeline(fillShader, "fill");
  const key = itemKey(dataset);
  const filled: GpuBuffer[] = [];
  for (let first = 0; first < dataset.segments; first += perBuffer) {
    const segments = Math.min(perBuffer, dataset.segments - first);
    const buffer = run.storage(segments * segmentBytes);
    filled.push(buffer);
    for (let done = 0; done < segments; done += segmentsPerPiece) {
      const items = Math.min(segmentsPerPiece, segments - done) * itemsPerSegment;
      const places = [(first + done) * itemsPerSegment, done * itemsPerSegment] as const;
      const buffers = { 0: run.uniform(...fillWords(key, ...places)), 1: buffer };
      await run.submit((encoder) =>
        run.dispatch(encoder, { pipeline, buffers, groups: [items / threadsPerGroup] }),
      );
    }
  }
  return filled;
}
