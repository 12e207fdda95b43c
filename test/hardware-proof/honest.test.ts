/** Whoever did the work passes, on whatever did it, and all of it gives the same digests. */
import { expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { bindingOf, prove, referenceProver, signal, taskOf, wasmProver } from "./provers.ts";

test.each([
  { prover: wasmProver, n: 256, layers: 4 },
  { prover: wasmProver, n: 512, layers: 7 },
  { prover: wasmProver, n: 1_024, layers: 4 },
  { prover: referenceProver, n: 256, layers: 5 },
])("$prover.kind passes at n = $n with $layers layers", async ({ prover, n, layers }) => {
  expect(await prove(prover, systemRandom, { n, layers })).toEqual({ kind: "right" });
});

test.each([
  [256, 6],
  [512, 4],
])("WebAssembly and TypeScript give the same digests and rows at n = %i", async (n, layers) => {
  const task = taskOf(bindingOf(`alike ${n}`), n, layers);
  const places = [
    { layer: layers - 1, row: n - 1 },
    { layer: 0, row: 5 },
    { layer: 2, row: 100 },
  ];
  const ours = await wasmProver.digests(task, signal);
  const theirs = await referenceProver.digests(task, signal);
  expect(Buffer.compare(ours, theirs)).toBe(0);
  expect(await wasmProver.rows(task, places, signal)).toEqual(
    await referenceProver.rows(task, places, signal),
  );
});

test("a prover that is called off stops", async () => {
  const task = taskOf(bindingOf("called off"), 1_024, 64);
  const stop = new AbortController();
  const digests = wasmProver.digests(task, stop.signal);
  stop.abort(new Error("the owner came back"));
  await expect(digests).rejects.toThrow("the owner came back");
});
