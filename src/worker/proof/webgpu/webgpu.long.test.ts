import { beforeAll, expect, test } from "vitest";
import { createFolder } from "../../../../test/support/processes.ts";
import { systemClock as clock } from "../../../base/clock.ts";
import { systemRandom as random } from "../../../base/random.ts";
import { cacheFolder } from "../../../host/folders.ts";
import type { ChainTask } from "../../../protocol/hardware-proof/chain.ts";
import { installPackages } from "../../packages/install.ts";
import { commitMemory } from "../commit-memory.ts";
import { createReferenceMemoryProver } from "../memory-prover.ts";
import { createReferenceProver } from "../reference-prover.ts";
import { createWasmProver } from "../wasm-prover.ts";
import { anotherDriver, idsOf, onSoftwareGpu } from "./child.fixture.ts";
import { webGpuPackages } from "./package.ts";

const software = "SwiftShader Device (Subzero)";
const signal = new AbortController().signal;
let folder: string;

beforeAll(async () => {
  folder = await installPackages({
    ...{ packages: webGpuPackages, cacheFolder: cacheFolder(process.env), env: process.env },
    ...{ clock, random, signal, onProgress: () => {} },
  });
}, 600_000);

const tasks: ChainTask[] = [256, 512].flatMap((n) =>
  [1, 2, 3].map((byte) => ({ seed: new Uint8Array(32).fill(byte), n, layers: 4 + byte })),
);

test.each(tasks)(
  "a GPU and both CPU provers give the same digests: $n, $layers layers",
  async (task) => {
    const digests = await onSoftwareGpu(folder, { kind: "digests", task });
    const reference = await createReferenceProver({ clock }).digests(task, signal);
    expect(Buffer.compare(digests, reference)).toBe(0);
    const wasm = await createWasmProver({ clock }).digests(task, signal);
    expect(Buffer.compare(wasm, reference)).toBe(0);
  },
);

test("the rows that a GPU shows are the ones that it has the digests of", async () => {
  const task = { seed: new Uint8Array(32).fill(9), n: 256, layers: 4 };
  const places = [
    ...[
      { layer: 0, row: 255 },
      { layer: 3, row: 7 },
      { layer: 1, row: 0 },
    ],
    ...[{ layer: 3, row: 8 }],
  ];
  const rows = await onSoftwareGpu(folder, { kind: "rows", task, places });
  expect(rows).toEqual(await createReferenceProver({ clock }).rows(task, places, signal));
});

test("a processor that pretends to be a GPU is described as what it is, and refused outside of tests", async () => {
  const described = await onSoftwareGpu(folder, { kind: "describe" });
  expect(described).toMatchObject({
    device: { prover: "webgpu", name: software, driver: expect.stringMatching(/SwiftShader/) },
    names: [software],
  });
  const allowSoftware = false;
  await expect(onSoftwareGpu(folder, { kind: "describe" }, { allowSoftware })).rejects.toThrow(
    /is no GPU, but the processor/,
  );
});

test("of two GPUs each is found by its name, and computes the same", async () => {
  await using home = await createFolder();
  const other = software.replace("SwiftShader Device", "Another GPU, named");
  const drivers = [anotherDriver(home.path, "Another GPU, named")];
  const describe = { kind: "describe" } as const;
  const both = [software, other];
  const seen = await onSoftwareGpu(folder, describe, { drivers });
  expect(both).toContain(seen.device.name);
  expect(seen.names.toSorted()).toEqual(both.toSorted());
  const task = tasks[0]!;
  const reference = await createReferenceProver({ clock }).digests(task, signal);
  for (const adapter of both) {
    const { device } = await onSoftwareGpu(folder, describe, { drivers, adapter });
    expect(device.name).toBe(adapter);
    const digests = await onSoftwareGpu(folder, { kind: "digests", task }, { drivers, adapter });
    expect(Buffer.compare(digests, reference)).toBe(0);
  }
  // Dawn takes the first whose name contains what it is asked for.
  const adapter = "SwiftShader";
  await expect(onSoftwareGpu(folder, describe, { drivers, adapter })).rejects.toThrow(
    "SwiftShader cannot be chosen here",
  );
});

test("of two GPUs of one name each is found by its ids, where the loader can tell", async () => {
  await using home = await createFolder();
  const drivers = [anotherDriver(home.path, "SwiftShader Device", "2")];
  const describe = { kind: "describe" } as const;
  const { names } = await onSoftwareGpu(folder, describe, { drivers });
  expect(names).toEqual([software, software]);
  const one = { drivers, adapter: software };
  for (const ending of ["D", "2"]) {
    const seen = await onSoftwareGpu(folder, describe, { ...one, ids: idsOf(ending) });
    expect(seen.names).toEqual([software]);
  }
  const nobody = onSoftwareGpu(folder, describe, { ...one, ids: idsOf("3") });
  await expect(nobody).rejects.toThrow("no driver shows a GPU");
  // As an older loader does, which reads no such settings.
  const both = onSoftwareGpu(folder, describe, { ...one, isAlone: true });
  await expect(both).rejects.toThrow("too old to tell GPUs of one name apart");
});

test.each([
  ["one buffer", 2 ** 30],
  ["two, the second smaller", 2 ** 21],
])("a GPU whose dataset lies in %s walks it as the CPU does", async (_, bufferBytes) => {
  const [seed, walkSeed] = [new Uint8Array(32).fill(5), new Uint8Array(32).fill(6)];
  const task = { seed, segments: 3, walkSeed, passes: 32 };
  const lanes = [0, 2_047, 3_071];
  const onGpu = await onSoftwareGpu(folder, { kind: "memory", task, lanes, bufferBytes });
  const onCpu = await commitMemory(
    createReferenceMemoryProver({ clock }),
    task,
    async () => task,
    signal,
  );
  expect(onGpu.opening).toEqual(onCpu.open(lanes));
  expect(Buffer.compare(onGpu.root, onCpu.root)).toBe(0);
});

test("a dataset that the GPU cannot read from at once is an error", async () => {
  const seed = new Uint8Array(32);
  const task = { seed, segments: 200, walkSeed: seed, passes: 16 };
  const work = { kind: "memory", task, lanes: [0], bufferBytes: 2 ** 20 } as const;
  await expect(onSoftwareGpu(folder, work)).rejects.toThrow(/read from in \d+ MiB at once/);
});

const writes = (body: string) => /* wgsl */ `
  @group(0) @binding(0) var<storage, read_write> target_: array<u32>;
  @compute @workgroup_size(1) fn main() { ${body} }`;

test("a shader with a mistake is an error, and no zeros", async () => {
  const right = { kind: "shader", code: writes("target_[0] = 7u;"), bytes: 4 } as const;
  expect([...(await onSoftwareGpu(folder, right))]).toEqual([7, 0, 0, 0]);
  const wrong = { ...right, code: writes("target_[0] = 7;; = u;") };
  await expect(onSoftwareGpu(folder, wrong)).rejects.toThrow(/the GPU refused its work/);
});

test("more memory than a buffer may have is an error", async () => {
  const work = { kind: "shader", code: writes(""), bytes: 2 ** 40 } as const;
  await expect(onSoftwareGpu(folder, work)).rejects.toThrow(/has no buffers of 1099511627776/);
});
