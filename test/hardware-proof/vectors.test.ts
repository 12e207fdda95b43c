/** The published vectors, which a program that shares no code with ours worked out, come out of our provers too. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import { checkOpening } from "../../src/coordinator/verification/check/check-opening.ts";
import { fromBase64url, toBase64url } from "../../src/protocol/bytes.ts";
import { chainKeys, fillRow, mixRow, partnerOf } from "../../src/protocol/hardware-proof/chain.ts";
import { commitmentOf } from "../../src/protocol/hardware-proof/commitment.ts";
import { type Opening, placesToOpen } from "../../src/protocol/hardware-proof/opening.ts";
import { commitChain } from "../../src/worker/proof/commit-chain.ts";
import { referenceProver, signal, wasmProver } from "./provers.ts";

interface Place {
  layer: number;
  row: number;
}

interface Vector {
  session: string;
  node: string;
  seed: string;
  n: number;
  layers: number;
  keys: unknown;
  first_entries: { left: number[]; right: number[]; right_last_row: number[] };
  rows: (Place & { left: number[]; product: number[]; digest: string; partner: number })[];
  layer_roots: string[];
  commitment: string;
}
interface OpenedVector extends Vector {
  asked: Place[];
  places: Place[];
  opening: Opening;
}

const path = new URL("../vectors/hardware-proof/chain.json", import.meta.url);
const { tasks } = JSON.parse(readFileSync(path, "utf8")) as { tasks: Vector[] };
const taskOf = ({ seed, n, layers }: Vector) => ({ seed: fromBase64url(seed)!, n, layers });

describe.each(tasks)("$layers layers of $n rows", (vector) => {
  const task = taskOf(vector);
  const { n } = task;
  const keys = chainKeys(task);
  const prover = n > 256 ? wasmProver : referenceProver;

  test("have these keys and entries", () => {
    expect(keys).toEqual(vector.keys);
    const beginning = (key: number, row: number) => {
      const entries = new Int8Array(n);
      fillRow(key, row, entries);
      return [...entries.subarray(0, 8)];
    };
    expect(beginning(keys.left, 0)).toEqual(vector.first_entries.left);
    expect(beginning(keys.right, 0)).toEqual(vector.first_entries.right);
    expect(beginning(keys.right, n - 1)).toEqual(vector.first_entries.right_last_row);
  });

  test("have these partners, left sides and products", async () => {
    const partners = vector.rows.map(({ layer, row }) => partnerOf(keys.layers[layer]!, n, row));
    expect(partners).toEqual(vector.rows.map(({ partner }) => partner));
    const before = vector.rows
      .filter(({ layer }) => layer > 0)
      .flatMap(({ layer, row }) => [
        { layer: layer - 1, row },
        { layer: layer - 1, row: partnerOf(keys.layers[layer - 1]!, n, row) },
      ]);
    const rows = await prover.rows(task, [...vector.rows, ...before], signal);
    for (const [index, { layer, row, left, product }] of vector.rows.entries()) {
      expect([...rows[index]!.subarray(0, 4)]).toEqual(product);
      const entries = new Int8Array(n);
      const pair = vector.rows.length + 2 * (index - vector.rows.length / vector.layers);
      if (layer === 0) fillRow(keys.left, row, entries);
      else mixRow(keys.layers[layer - 1]!, row, rows[pair]!, rows[pair + 1]!, entries);
      expect([...entries.subarray(0, 4)]).toEqual(left);
    }
  });

  test("have these digests, roots and commitment", async () => {
    const digests = await prover.digests(task, signal);
    const digestAt = ({ layer, row }: Place) =>
      toBase64url(digests.subarray(32 * (layer * n + row), 32 * (layer * n + row + 1)));
    expect(vector.rows.map(digestAt)).toEqual(vector.rows.map(({ digest }) => digest));
    const { layerRoots } = await commitChain(
      { ...prover, digests: async () => digests },
      task,
      signal,
    );
    expect(toBase64url(layerRoots)).toBe(
      toBase64url(Buffer.concat(vector.layer_roots.map((text) => fromBase64url(text)!))),
    );
    expect(toBase64url(commitmentOf(vector, task, layerRoots))).toBe(vector.commitment);
  });
});

test("the rows of the first are opened like this, and found right", async () => {
  const vector = tasks[0] as OpenedVector;
  const { asked, places, opening, commitment } = vector;
  const task = taskOf(vector);
  expect(placesToOpen(chainKeys(task), task.n, asked)).toEqual(places);
  const chain = await commitChain(wasmProver, task, signal);
  expect(await chain.open(asked, signal)).toEqual(opening);
  const claim = { binding: vector, task, asked, opening, commitment: fromBase64url(commitment)! };
  expect(checkOpening(claim, systemRandom.bytes(4 * task.n))).toEqual({ kind: "right" });
});
