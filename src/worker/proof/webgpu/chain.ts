/** The chain on a GPU. Only digests leave it, and the rows that are asked for. */
import {
  chainKeys,
  type ChainTask,
  isChainTask,
  operationsOf,
} from "../../../protocol/hardware-proof/chain.ts";
import { hashBytes } from "../../../protocol/merkle.ts";
import type { ChainProver } from "../prover.ts";
import type { GpuBuffer, GpuEncoder } from "./binding.ts";
import { entriesShader, entryGroups, productShader, tile } from "./chain-shader.ts";
import type { Gpu } from "./device.ts";
import type { GpuRun } from "./run.ts";
import { digestsPerGroup, digestWords, sha256Shader } from "./sha256.ts";

/** A fraction of a second on the slowest GPU that is worth lending: drivers reset one that takes two. */
const operationsPerPiece = 2 ** 36;

export const createWebGpuProver = (gpu: Gpu): ChainProver => ({
  kind: "webgpu",
  digests: (task, signal) =>
    gpu.run(signal, async (run) => {
      const { n, layers } = task;
      const digests = run.storage(layers * n * hashBytes);
      const pipeline = run.pipeline(sha256Shader, "digest");
      await computeLayers(run, task, layers, (encoder, layer, products) => {
        const words = run.uniform(...digestWords(4 * n, layer * n));
        const buffers = { 0: words, 1: products, 2: digests };
        run.dispatch(encoder, { pipeline, buffers, groups: [n / digestsPerGroup] });
      });
      return run.read(digests);
    }),
  rows: (task, places, signal) =>
    gpu.run(signal, async (run) => {
      const rowBytes = 4 * task.n;
      const shown = run.storage(places.length * rowBytes);
      const layers = 1 + Math.max(...places.map(({ layer }) => layer));
      await computeLayers(run, task, layers, (encoder, layer, products) => {
        for (const [index, place] of places.entries()) {
          if (place.layer !== layer) continue;
          const [from, to] = [place.row * rowBytes, index * rowBytes];
          encoder.copyBufferToBuffer(products, from, shown, to, rowBytes);
        }
      });
      const { buffer } = await run.read(shown);
      return places.map((_, index) => new Int32Array(buffer, index * rowBytes, task.n));
    }),
});

/** @param useProducts what is done with a layer's Y before the next layer takes its place */
async function computeLayers(
  run: GpuRun,
  task: ChainTask,
  layers: number,
  useProducts: (encoder: GpuEncoder, layer: number, products: GpuBuffer) => void,
): Promise<void> {
  if (!isChainTask(task)) throw new RangeError("the task has a size that no chain has");
  const { n } = task;
  const keys = chainKeys(task);
  const [left, right, products] = [run.storage(n * n), run.storage(n * n), run.storage(4 * n * n)];
  const product = run.pipeline(productShader, "product");
  const mix = run.pipeline(entriesShader, "mix");
  const groups = entryGroups(n);

  await run.submit((encoder) => {
    const fill = (entryPoint: string, key: number, entries: GpuBuffer) => {
      const pipeline = run.pipeline(entriesShader, entryPoint);
      const buffers = { 0: run.uniform(n, key, 0, 0), 2: entries };
      run.dispatch(encoder, { pipeline, buffers, groups });
    };
    fill("fillLeft", keys.left, left);
    fill("fillRight", keys.right, right);
  });

  const tilesDown = n / tile;
  const tilesPerPiece = Math.ceil(
    (operationsPerPiece * tilesDown) / operationsOf({ n, layers: 1 }),
  );
  for (let layer = 0; layer < layers; layer += 1) {
    for (let first = 0; first < tilesDown; first += tilesPerPiece) {
      const tiles = Math.min(tilesPerPiece, tilesDown - first);
      const buffers = { 0: run.uniform(n, first, 0, 0), 1: left, 2: right, 3: products };
      await run.submit((encoder) =>
        run.dispatch(encoder, { pipeline: product, buffers, groups: [tilesDown, tiles] }),
      );
    }
    await run.submit((encoder) => {
      useProducts(encoder, layer, products);
      const { mix: key, multiplier, increment } = keys.layers[layer]!;
      const words = run.uniform(n, key, multiplier, increment);
      const buffers = { 0: words, 1: products, 2: left };
      run.dispatch(encoder, { pipeline: mix, buffers, groups });
    });
  }
}
