import { describe, expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { isChainTask } from "../../protocol/hardware-proof/chain.ts";
import { chainTask, drawRows } from "./challenge.ts";

const master = new Uint8Array(32).fill(1);
const binding = { session: "3f1c0d0e-0000-4000-8000-000000000001", node: "a-node" };
const size = { n: 256, layers: 4 };

test("the seed of a task depends on secret, session, node, size and layers", () => {
  const tasks = [
    chainTask(master, binding, size),
    chainTask(new Uint8Array(32).fill(2), binding, size),
    chainTask(master, { ...binding, session: `${binding.session}0` }, size),
    chainTask(master, { ...binding, node: "another-node" }, size),
    chainTask(master, binding, { ...size, n: 512 }),
    chainTask(master, binding, { ...size, layers: 5 }),
  ];
  expect(tasks.every(isChainTask)).toBe(true);
  const seeds = tasks.map(({ seed }) => Buffer.from(seed).toString("hex"));
  expect(new Set(seeds).size).toBe(tasks.length);
  expect(chainTask(master, binding, size)).toEqual(tasks[0]);
});

describe("the rows that are asked for", () => {
  test.each([4, 5, 16, 24])("are spread over all of %i layers as evenly as can be", (layers) => {
    const counts = Array.from({ length: layers }, () => 0);
    for (const { layer } of drawRows(systemRandom, { n: 256, layers })) counts[layer]! += 1;
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  test("lie in 24 different layers where there are more", () => {
    const rows = drawRows(systemRandom, { n: 256, layers: 256 });
    expect(new Set(rows.map(({ layer }) => layer)).size).toBe(24);
  });

  test("come from anywhere", () => {
    const seen = { rows: new Set<number>(), layers: new Set<number>() };
    for (let round = 0; round < 400; round += 1)
      for (const { layer, row } of drawRows(systemRandom, { n: 256, layers: 64 })) {
        seen.rows.add(row);
        seen.layers.add(layer);
      }
    // Each is missed with a chance below 10^-16.
    expect(seen.rows.size).toBe(256);
    expect(seen.layers.size).toBe(64);
  });
});
