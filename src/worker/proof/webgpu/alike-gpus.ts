/**
 * GPUs of one name, told apart. Dawn chooses by name; but Vulkan's loader shows a process one GPU alone where a settings
 * file says so, by the ids that `vulkaninfo` has for it. LunarG, "Loader Settings File", device configurations.
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Environment } from "../../../host/env.ts";
import type { RunProgram } from "../../../host/run-program.ts";

/** What the loader knows a GPU by: all three must fit. */
export interface VulkanIds {
  /** 16 bytes. */
  deviceUUID: readonly number[];
  /** 16 bytes. */
  driverUUID: readonly number[];
  driverVersion: number;
}

/** One of several GPUs. `ids`: of a name that another one has too. */
export interface GpuChoice {
  name: string;
  ids?: VulkanIds;
}

const timeoutMs = 10_000;

/**
 * Each of the GPUs once: those of one name with what tells them apart where that is known of all of them, else as one.
 * @param names of all GPUs, alike ones as often as there are
 */
export async function choicesOf(run: RunProgram, names: readonly string[]): Promise<GpuChoice[]> {
  const distinct = [...new Set(names)];
  if (distinct.length === names.length) return distinct.map((name) => ({ name }));
  const outcome = await run(["vulkaninfo", "--summary"], timeoutMs);
  const known = outcome.kind === "ended" ? gpusIn(outcome.stdout) : [];
  return distinct.flatMap((name): GpuChoice[] => {
    const count = names.filter((other) => other === name).length;
    const alike = known.filter((gpu) => gpu.name === name);
    return count > 1 && alike.length === count ? alike : [{ name }];
  });
}

/** `GPU0:` and its properties a line, `deviceName = NVIDIA GeForce RTX 3060`. */
export const gpusIn = (printed: string): Required<GpuChoice>[] =>
  printed
    .split(/^GPU\d+:$/m)
    .slice(1)
    .flatMap((section) => {
      const fields = new Map(
        [...section.matchAll(/^\s*(\w+)\s*=\s*(.*?)\s*$/gm)].map(([, key, value]) => [key, value!]),
      );
      const name = fields.get("deviceName");
      const deviceUUID = bytesOf(fields.get("deviceUUID"));
      const driverUUID = bytesOf(fields.get("driverUUID"));
      const driverVersion = versionOf(fields.get("driverVersion"), fields.get("vendorID"));
      if (!name || !deviceUUID || !driverUUID || driverVersion === undefined) return [];
      return [{ name, ids: { deviceUUID, driverUUID, driverVersion } }];
    });

const bytesOf = (uuid = ""): number[] | undefined => {
  const hex = uuid.replaceAll("-", "");
  return /^[0-9a-f]{32}$/i.test(hex) ? [...Buffer.from(hex, "hex")] : undefined;
};

const nvidia = "0x10de";
/** Bits of each part of a version, the first the highest: NVIDIA's own, and Vulkan's for all others. */
const versionBits = { nvidia: [10, 8, 8, 6], usual: [10, 10, 12] } as const;

/** A version is one word, which is shown in parts: `580.95.5.0`. */
function versionOf(shown = "", vendor = ""): number | undefined {
  const bits = vendor.toLowerCase() === nvidia ? versionBits.nvidia : versionBits.usual;
  const parts = shown.split(".").map(Number);
  const isWhole = parts.length === bits.length && parts.every((part, at) => part < 2 ** bits[at]!);
  if (!isWhole) return undefined;
  return parts.reduce((version, part, at) => version * 2 ** bits[at]! + part, 0);
}

/** The drivers that the environment names: with a settings file the loader no longer looks there. */
function driversIn({ VK_DRIVER_FILES, VK_ICD_FILENAMES }: Environment) {
  const paths = (VK_DRIVER_FILES ?? VK_ICD_FILENAMES ?? "").split(delimiter).filter(Boolean);
  if (paths.length === 0) return {};
  const drivers = paths.map((path) => ({ path }));
  return { additional_drivers_use_exclusively: true, additional_drivers: drivers };
}

/** What shows one GPU alone to the process that is started with it. */
export interface AloneSettings extends Disposable {
  readonly environment: Environment;
}

/** @returns `environment` with a folder of its own for the loader's settings, removed when disposed */
export function showAlone(ids: VulkanIds, environment: Environment): AloneSettings {
  const folder = mkdtempSync(join(tmpdir(), "troop-gpu-"));
  const settings = join(folder, "vulkan", "loader_settings.d");
  mkdirSync(settings, { recursive: true });
  const shown = { device_configurations: [ids], ...driversIn(environment) };
  const content = { file_format_version: "1.0.0", settings: shown };
  writeFileSync(join(settings, "vk_loader_settings.json"), JSON.stringify(content));
  return {
    environment: { ...environment, XDG_DATA_HOME: folder },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
