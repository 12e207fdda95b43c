/** Each instrument against what its tool prints; none of them was tried on a real one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import type { RunProgram } from "../../host/run-program.ts";
import { createAmdFiles, createRocmSmi } from "./amd.ts";
import { createApple } from "./apple.ts";
import { firstThatAnswers } from "./instruments.ts";
import { createIntelFiles, createXpuSmi } from "./intel.ts";
import { createLoadAverage, loadBeyond } from "./load-average.ts";
import { createNvidia } from "./nvidia.ts";
import type { Instrument, Reading } from "./reading.ts";
import {
  ioreg,
  nvidiaTwoGpus,
  nvidiaWithout,
  pmon470,
  pmon550,
  pmonWithoutShares,
  rocm,
  xpuSmi10,
  xpuSmi12,
} from "./recorded-instruments.ts";

let root = "";
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "troop-instruments-"))));
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Record<string, string | number>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), `${text}\n`);
  }
}

/** Programs by name and first word; others are not installed. */
const runs =
  (programs: Record<string, string>): RunProgram =>
  ([program, word = ""]) => {
    const stdout = programs[`${program} ${word}`] ?? programs[program];
    if (stdout === undefined) return Promise.resolve({ kind: "missing" });
    return Promise.resolve({ kind: "ended", code: 0, stdout, stderr: "" });
  };
const never = new AbortController().signal;
const read = (instrument: Instrument, processes = false) => instrument.read({ processes }, never);
const mebibyte = 1_024 * 1_024;

test("every NVIDIA GPU is read: load, memory and temperature", async () => {
  const nvidia = createNvidia(runs({ "nvidia-smi": nvidiaTwoGpus }));
  expect((await read(nvidia))?.devices).toEqual([
    {
      ...{ load: 97, temperature: 71 },
      ...{ memoryUsedBytes: 18_240 * mebibyte, memoryTotalBytes: 24_576 * mebibyte },
    },
    {
      ...{ load: 0, temperature: 33 },
      ...{ memoryUsedBytes: 4 * mebibyte, memoryTotalBytes: 24_576 * mebibyte },
    },
  ]);
});

test("a GPU that does not measure its load is passed over, other gaps are left open", async () => {
  const nvidia = createNvidia(runs({ "nvidia-smi": nvidiaWithout }));
  expect((await read(nvidia))?.devices).toEqual([
    { load: 12, memoryUsedBytes: 4 * mebibyte, memoryTotalBytes: 8_192 * mebibyte },
  ]);
});

test.each([
  [
    pmon550,
    [
      { device: "0", name: "Xorg", load: 2 },
      { device: "0", name: "ollama_llama_se", load: 60 },
      { device: "0", name: "Blender Render", load: 35 },
    ],
  ],
  [pmon470, [{ device: "0", name: "python3", load: 98 }]],
  [pmonWithoutShares, undefined],
] as const)("processes are asked for only where it matters: %#", async (listed, processes) => {
  const nvidia = createNvidia(runs({ "nvidia-smi": nvidiaTwoGpus, "nvidia-smi pmon": listed }));
  const [first, second] = (await read(nvidia, true))!.devices;
  expect(first.processes).toEqual(processes);
  expect(second!.processes).toBeUndefined();
  expect((await read(nvidia))!.devices[0].processes).toBeUndefined();
});

test("AMD's driver shows load, memory and temperature in files", async () => {
  write({
    ...{ "card0/device/vendor": "0x1234", "card1/device/gpu_busy_percent": 31 },
    ...{ "card1/device/mem_info_vram_used": 482_263_040, "card1-DP-1/status": "connected" },
    ...{ "card1/device/mem_info_vram_total": 17_163_091_968 },
    "card1/device/hwmon/hwmon4/temp1_input": 47_000,
  });
  expect((await read(createAmdFiles(root)))?.devices).toEqual([
    {
      ...{ load: 31, temperature: 47 },
      ...{ memoryUsedBytes: 482_263_040, memoryTotalBytes: 17_163_091_968 },
    },
  ]);
});

test("rocm-smi prints the same, after its warnings", async () => {
  const smi = createRocmSmi(runs({ "rocm-smi": rocm }));
  expect((await read(smi))?.devices).toEqual([
    {
      ...{ load: 31, temperature: 47 },
      ...{ memoryUsedBytes: 482_263_040, memoryTotalBytes: 17_163_091_968 },
    },
  ]);
});

test("Apple's GPU is read from its own statistics, not from the legend", async () => {
  const apple = createApple(runs({ ioreg: ioreg }));
  expect((await read(apple))?.devices).toEqual([{ load: 16, memoryUsedBytes: 2_363_801_600 }]);
});

test.each([
  "card0/gt/gt0/rc6_residency_ms",
  "card0/power/rc6_residency_ms",
  "card0/device/tile0/gt0/gtidle/idle_residency_ms",
])("Intel's load is the time that %s did not count", async (counter) => {
  const clock = createFakeClock();
  const intel = createIntelFiles(root, clock);
  write({ [counter]: 10_000 });
  expect((await read(intel))?.devices).toEqual([{ load: 0 }]);
  await clock.advance(2_000);
  write({ [counter]: 10_500 });
  expect((await read(intel))?.devices).toEqual([{ load: 75 }]);
  await clock.advance(2_000);
  // After a sleep it begins anew.
  write({ [counter]: 100 });
  expect((await read(intel))?.devices).toEqual([{ load: 0 }]);
});

test.each([
  [xpuSmi10, [{ load: 88.2, temperature: 61 }]],
  [xpuSmi12, [{ load: 12, temperature: 39 }]],
] as const)("xpu-smi prints it too, under changing headings: %#", async (printed, devices) => {
  expect((await read(createXpuSmi(runs({ "xpu-smi": printed }))))?.devices).toEqual(devices);
});

test.each(["", "garbage", "{}", "Timestamp, DeviceId\n", "NVIDIA-SMI has failed"])(
  "a tool that prints %j is no instrument",
  async (printed) => {
    const run: RunProgram = () =>
      Promise.resolve({ kind: "ended", code: 0, stdout: printed, stderr: "" });
    for (const create of [createNvidia, createRocmSmi, createApple, createXpuSmi])
      expect(await read(create(run), true)).toBeUndefined();
  },
);

test.each([
  [0.4, 8, 0],
  [4, 8, 0],
  [6.4, 8, 30],
  [40, 8, 100],
])("a load average of %d on %d cores counts as %d %%", async (average, cores, load) => {
  expect(loadBeyond(average, cores)).toBe(load);
  const reading = await read(
    createLoadAverage(
      () => average,
      () => cores,
    ),
  );
  expect(reading).toMatchObject({ source: "load-average", devices: [{ load }] });
});

test("the first instrument that answers is kept; silent three times, it is given up", async () => {
  const asked: string[] = [];
  const silent = new Set(["first"]);
  const named = (name: string): Instrument => ({
    read() {
      asked.push(name);
      const reading: Reading = { source: "amd", devices: [{ load: 1 }], lingersMs: 0 };
      return Promise.resolve(silent.has(name) ? undefined : reading);
    },
  });
  const all = firstThatAnswers([named("first"), named("second")]);
  await read(all);
  await read(all);
  expect(asked.splice(0)).toEqual(["first", "second", "second"]);
  silent.delete("first");
  silent.add("second");
  expect([await read(all), await read(all)]).toEqual([undefined, undefined]);
  expect(await read(all)).toBeDefined();
  expect(asked).toEqual(["second", "second", "second", "first"]);
});
