/** The same as in `honest.test.ts`, a hundred times and at the sizes that are used. */
import { expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { prove, referenceProver, wasmProver } from "./provers.ts";

const batches = [0, 1, 2, 3].map((batch) => ({ first: 25 * batch, times: 25 }));

test.each([
  ...batches.map((batch) => ({ ...batch, prover: wasmProver, n: 1_024 })),
  ...batches.map((batch) => ({ ...batch, prover: wasmProver, n: 2_048 })),
  { first: 0, times: 3, prover: referenceProver, n: 256 },
  { first: 0, times: 3, prover: referenceProver, n: 512 },
])("$prover.kind passes $times of $times times at n = $n, from $first on", async (part) => {
  for (let time = part.first; time < part.first + part.times; time += 1) {
    const session = { session: `session ${time}`, n: part.n };
    expect(await prove(part.prover, systemRandom, session)).toEqual({ kind: "right" });
  }
});
