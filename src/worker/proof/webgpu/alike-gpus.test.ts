/** Two GPUs of one name: told apart by what `vulkaninfo` says of them, or not at all. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startEndlessProver } from "../../../../test/support/endless-prover.ts";
import type { ProgramOutcome } from "../../../host/run-program.ts";
import { choicesOf, gpusIn, showAlone } from "./alike-gpus.ts";
import type { StartProcess } from "../prover-child.ts";
import { withOthers } from "../start-prover.ts";

const card = (index: number, fields: Record<string, string>) =>
  [
    `GPU${index}:`,
    ...Object.entries(fields).map(([key, value]) => `\t${key.padEnd(18)} = ${value}`),
  ].join("\n");
const rtx = (index: number, deviceUUID: string) =>
  card(index, {
    ...{ apiVersion: "1.4.312", driverVersion: "580.95.5.0", vendorID: "0x10de" },
    ...{ deviceName: "NVIDIA GeForce RTX 3090", driverName: "NVIDIA", driverInfo: "580.95.05" },
    ...{ deviceUUID, driverUUID: "0b6e7a24-5dc1-5b27-9d2c-9b7b6bb0f1a2" },
  });
const radeon = card(2, {
  ...{ driverVersion: "25.0.7", vendorID: "0x1002", deviceName: "AMD Radeon RX 7600" },
  ...{ deviceUUID: "00000000-0300-0000-0000-000000000000" },
  ...{ driverUUID: "414d442d-4d45-5341-2d44-525600000000" },
});
const uuids = ["11111111-2222-3333-4444-555555555501", "11111111-2222-3333-4444-555555555502"];
const printed = ["==========", "Devices:", rtx(0, uuids[0]!), rtx(1, uuids[1]!), radeon, ""].join(
  "\n",
);
const [one, two, three] = [
  "NVIDIA GeForce RTX 3090",
  "NVIDIA GeForce RTX 3090",
  "AMD Radeon RX 7600",
];

const said = (stdout: string): ProgramOutcome => ({ kind: "ended", code: 0, stdout, stderr: "" });

test("each is what its driver says, its version as one word", () => {
  const [first, second, other] = gpusIn(printed);
  expect(first).toMatchObject({ name: one, ids: { driverVersion: 2_434_253_120 } });
  expect(first!.ids.deviceUUID.at(-1)).toBe(1);
  expect(second!.ids.deviceUUID.at(-1)).toBe(2);
  expect(other).toMatchObject({ name: three, ids: { driverVersion: 104_857_607 } });
});

test("two alike are two choices where all of them are known, and one where not", async () => {
  const names = [one!, two!, three!];
  const known = await choicesOf(async () => said(printed), names);
  expect(known.map(({ name, ids }) => [name, ids?.deviceUUID.at(-1)])).toEqual([
    [one, 1],
    [one, 2],
    [three, undefined],
  ]);
  const once = [{ name: one }, { name: three }];
  expect(await choicesOf(async () => ({ kind: "missing" }), names)).toEqual(once);
  const half = ["Devices:", rtx(0, uuids[0]!), radeon].join("\n");
  expect(await choicesOf(async () => said(half), names)).toEqual(once);
  const garbled = printed.replace(uuids[1]!, "nothing");
  expect(await choicesOf(async () => said(garbled), names)).toEqual(once);
});

test("where all have names of their own nobody is asked", async () => {
  const nobody = () => Promise.reject(new Error("asked"));
  expect(await choicesOf(nobody, [one!, three!])).toEqual([{ name: one }, { name: three }]);
});

/** Processes of GPUs of these names, the first one's by default; those that were started, and those that ended. */
function processes(names: readonly string[], canTell: boolean, ids = printed) {
  const [started, ended]: [string[], string[]] = [[], []];
  const start: StartProcess = async (_, gpu) => {
    const label = gpu ? `${gpu.name} ${gpu.ids?.deviceUUID.at(-1) ?? ""}` : "the fastest";
    if (gpu?.ids && !canTell) throw new Error("too old");
    started.push(label);
    const { others: _none, device: endless, ...prover } = await startEndlessProver("webgpu");
    const device = { ...endless, name: gpu?.name ?? names[0]! };
    return { ...prover, device, names, [Symbol.dispose]: () => void ended.push(label) };
  };
  return { started, ended, start: withOthers(start, async () => said(ids)) };
}

test("the first of two alike is started again as one of them, so that none is tried twice", async () => {
  const { started, ended, start } = processes([one!, two!, three!], true);
  const { others, alikeAsOne } = await start("webgpu");
  expect(alikeAsOne).toBeUndefined();
  expect(started).toEqual(["the fastest", `${one} 1`]);
  expect(ended).toEqual(["the fastest"]);
  expect(others.map(({ name, ids }) => [name, ids?.deviceUUID.at(-1)])).toEqual([
    [two, 2],
    [three, undefined],
  ]);
  expect((await start("webgpu", others[0])).others).toEqual([]);
});

test("where the loader cannot tell them apart the first stands for all of its name, and says why", async () => {
  const { started, ended, start } = processes([one!, two!, three!], false);
  const { device, others, alikeAsOne } = await start("webgpu");
  expect(alikeAsOne).toMatch(/^too old; libvulkan1 1\.4\.364/);
  expect(device.name).toBe(one);
  expect(others).toEqual([{ name: three }]);
  expect([started, ended]).toEqual([["the fastest"], []]);
});

test("where `vulkaninfo` does not tell them apart one stands for all of its name, and says what to install", async () => {
  const { ended, start } = processes([one!, two!, three!], true, "");
  const { others, alikeAsOne } = await start("webgpu");
  expect(others).toEqual([{ name: three }]);
  expect(ended).toEqual([]);
  expect(alikeAsOne).toContain("apt-get install vulkan-tools");
});

test("what shows one alone lies in a folder of its own, and is removed", () => {
  const { ids } = gpusIn(printed)[0]!;
  const alone = showAlone(ids, { HOME: "/home/a" });
  const { XDG_DATA_HOME: folder, HOME } = alone.environment;
  expect(HOME).toBe("/home/a");
  const file = join(folder!, "vulkan", "loader_settings.d", "vk_loader_settings.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
    ...{ file_format_version: "1.0.0", settings: { device_configurations: [ids] } },
  });
  alone[Symbol.dispose]();
  expect(existsSync(folder!)).toBe(false);
});

test("drivers that the environment names are named to the loader too, which would forget them", () => {
  const { ids } = gpusIn(printed)[0]!;
  using alone = showAlone(ids, { VK_DRIVER_FILES: "/a/one.json:/a/two.json" });
  const folder = alone.environment["XDG_DATA_HOME"]!;
  const file = join(folder, "vulkan", "loader_settings.d", "vk_loader_settings.json");
  expect(JSON.parse(readFileSync(file, "utf8")).settings).toMatchObject({
    additional_drivers_use_exclusively: true,
    additional_drivers: [{ path: "/a/one.json" }, { path: "/a/two.json" }],
  });
});
