/** The process that proves lives no longer than the worker, however that ends, and where one cannot run another does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { checkMemory } from "../../coordinator/verification/check/check-memory.ts";
import { fromBase64url } from "../../protocol/bytes.ts";
import { createStartProver, startFirst } from "./start-prover.ts";

const patience = { timeout: 30_000, interval: 50 };
const parts = { environment: process.env, clock: systemClock, random: systemRandom };
const start = createStartProver(parts);
const task = { seed: new Uint8Array(32), n: 2_048, layers: 256 };
const binding = { session: systemRandom.uuid(), node: "n" };
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("a worker that is killed takes it along, in the middle of its work", async () => {
  const file = join(import.meta.dirname, "start-prover.ts");
  const clockFile = join(import.meta.dirname, "..", "..", "base", "clock.ts");
  const program = `
    import { createStartProver } from ${JSON.stringify(file)};
    import { systemClock as clock } from ${JSON.stringify(clockFile)};
    const start = createStartProver({ environment: process.env, clock });
    const child = await start("reference");
    const task = { seed: new Uint8Array(32), n: 2048, layers: 256 };
    const work = child.commit(task, { session: "s", node: "n" });
    console.log(child.pid);
    await work;`;
  const worker = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(worker.stdout, "data")) as [Buffer];
  const prover = Number(line.toString());
  expect(isAlive(prover)).toBe(true);
  worker.kill("SIGKILL");
  await expect.poll(() => isAlive(prover), patience).toBe(false);
}, 60_000);

test("killed while it computes it says by what, and who waits is not left waiting", async () => {
  using child = await start("wasm");
  const work = child.commit(task, binding);
  process.kill(child.pid!, "SIGKILL");
  await expect(work).rejects.toThrow("ended by SIGKILL");
}, 60_000);

test("it holds a dataset, walks it, shows lanes; and what was not walked gives way to the next", async () => {
  using child = await start("wasm");
  const dataset = { seed: new Uint8Array(32).fill(1), segments: 1 };
  const walk = { walkSeed: new Uint8Array(32).fill(2), passes: 16 };
  await expect(child.fill({ ...dataset, segments: 128 })).rejects.toThrow("64 MiB in time");
  await child.fill({ ...dataset, seed: new Uint8Array(32) });
  await child.fill(dataset);
  const commitment = fromBase64url(await child.walk(walk, binding))!;
  const asked = [3, 511];
  const opening = await child.openLanes(asked);
  const claim = { binding, task: { ...dataset, ...walk }, commitment, asked, opening };
  expect(checkMemory(claim)).toEqual({ kind: "right" });
}, 60_000);

test("a dataset that is still being filled gives way to the next, and is not mistaken for it", async () => {
  using child = await start("wasm");
  const dataset = { seed: new Uint8Array(32).fill(1), segments: 1 };
  const walk = { walkSeed: new Uint8Array(32).fill(2), passes: 16 };
  const late = child.fill({ seed: new Uint8Array(32), segments: 4 });
  const filled = child.fill(dataset);
  await expect(late).rejects.toThrow("not wanted any more");
  await filled;
  const commitment = fromBase64url(await child.walk(walk, binding))!;
  const opening = await child.openLanes([3]);
  const claim = { binding, task: { ...dataset, ...walk }, commitment, asked: [3], opening };
  expect(checkMemory(claim)).toEqual({ kind: "right" });
}, 60_000);

test("the first that starts is taken, and says why it is not the one before", async () => {
  const tried: string[] = [];
  const { child, device } = await startFirst(
    (kind) => {
      tried.push(kind);
      return kind === "webgpu" ? Promise.reject(new Error("webgpu: no GPU")) : start(kind);
    },
    ["webgpu", "wasm", "reference"],
  );
  using _child = child;
  expect(tried).toEqual(["webgpu", "wasm"]);
  expect(device).toMatchObject({ prover: "wasm", instead_of: "webgpu: no GPU" });
  await expect(startFirst(() => Promise.reject(new Error("no")), ["wasm"])).rejects.toThrow("no");
}, 60_000);
