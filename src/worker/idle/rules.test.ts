/** The owner's own rules: hours, battery, temperature, programs. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isDrawingFromBattery, onBatteryByFiles } from "./battery.ts";
import { readOwnerSettings } from "./config.ts";
import { firstRunning, programsByFiles } from "./programs.ts";
import { pmsetBattery, pmsetMains } from "./recorded-instruments.ts";
import { type Facts, ruleThatHolds } from "./rules.ts";
import { isOwnersTime, localTime, readSchedule } from "./schedule.ts";
import { usualSettings } from "./settings.ts";
import { readGuestSettings } from "../guests/config.ts";

const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const at = (text: string) => {
  const [day = "", hours = 0, minutes = 0] = text.split(/[ :]/);
  return { day: days.indexOf(day), minute: Number(hours) * 60 + Number(minutes) };
};

test.each([
  ["mon-fri 09:00-18:00 away", "mon 09:00", false],
  ["mon-fri 09:00-18:00 away", "mon 08:59", true],
  ["mon-fri 09:00-18:00 away", "fri 18:00", true],
  ["mon-fri 09:00-18:00 away", "sun 12:00", true],
  ["mon-fri 09:00-18:00 away, sat-sun away", "sun 12:00", false],
  ["mon-fri 09:00-18:00 away; wed 12:00-13:00 here", "wed 12:30", true],
  ["daily 22:00-06:00 away", "tue 23:00", false],
  ["daily 22:00-06:00 away", "wed 05:59", false],
  ["fri 22:00-06:00 away", "fri 05:00", true],
  ["fri 22:00-06:00 away", "sat 05:00", false],
  ["sat 22:00-06:00 away", "sun 05:00", false],
  ["fri-mon here", "sat 00:00", true],
  ["fri-mon here", "tue 00:00", undefined],
  ["", "tue 00:00", undefined],
])("under %j, %s is the owner's: %s", (schedule, time, isOwners) => {
  expect(isOwnersTime(readSchedule(schedule), at(time))).toBe(isOwners);
});

test.each(["mon", "mon away now", "moonday away", "mon 9-18 away", "mon 09:00-25:00 away"])(
  "%j is not understood, and that is said before the worker starts",
  (schedule) => {
    expect(() => readOwnerSettings({ OWNER_SCHEDULE: schedule })).toThrow(
      expect.objectContaining({ code: "configuration_invalid", param: "OWNER_SCHEDULE" }),
    );
  },
);

test("hours are the machine's own", () => {
  const date = new Date(2026, 0, 5, 9, 30);
  expect(localTime(date.getTime())).toEqual({ day: 1, minute: 570 });
});

const supplies: [name: string, files: Record<string, Record<string, string>>, on: unknown][] = [
  ["no battery", { AC: { type: "Mains", online: "1" } }, undefined],
  [
    "unplugged",
    { AC: { type: "Mains", online: "0" }, BAT0: { type: "Battery", status: "Discharging" } },
    true,
  ],
  [
    "plugged in",
    { AC: { type: "Mains", online: "1" }, BAT0: { type: "Battery", status: "Charging" } },
    false,
  ],
  [
    "on a weak dock",
    { usb: { type: "USB", online: "1" }, BAT0: { type: "Battery", status: "Discharging" } },
    false,
  ],
  [
    "a mouse's battery only",
    { hid: { type: "Battery", scope: "Device", status: "Discharging" } },
    undefined,
  ],
];
test.each(supplies)("Linux, %s", async (_name, files, on) => {
  const root = mkdtempSync(join(tmpdir(), "troop-power-"));
  try {
    for (const [name, words] of Object.entries(files)) {
      mkdirSync(join(root, name));
      for (const [file, word] of Object.entries(words)) writeFileSync(join(root, name, file), word);
    }
    expect(await onBatteryByFiles(root)).toBe(on);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("macOS says which source it draws from", () => {
  expect([pmsetBattery, pmsetMains, ""].map(isDrawingFromBattery)).toEqual([
    true,
    false,
    undefined,
  ]);
});

test("programs are found by what they call themselves and by their file, Wine's too", async () => {
  const root = mkdtempSync(join(tmpdir(), "troop-proc-"));
  try {
    mkdirSync(join(root, "12"));
    writeFileSync(join(root, "12", "comm"), "Cyberpunk2077.e\n");
    mkdirSync(join(root, "13"));
    writeFileSync(join(root, "13", "comm"), "main\n");
    symlinkSync("/opt/resolve/bin/resolve", join(root, "13", "exe"));
    mkdirSync(join(root, "self"));
    const running = (await programsByFiles(root))!;
    expect(running).toEqual(["Cyberpunk2077.e", "main", "resolve"]);
    expect(firstRunning(["blender", "Resolve"], running)).toBe("Resolve");
    expect(firstRunning(["cyberpunk2077.exe"], running)).toBe("cyberpunk2077.exe");
    expect(firstRunning(["blend", "mai"], running)).toBeUndefined();
  } finally {
    rmSync(root, { recursive: true });
  }
  expect(firstRunning(["game"], ["Game.exe"])).toBe("game");
});

const nothing: Facts = {
  ...{ time: at("mon 12:00"), reading: undefined, isOnBattery: undefined },
  ...{ programs: undefined, isResting: false },
};
const hot = (temperature: number): Facts["reading"] => ({
  ...{ source: "nvidia", lingersMs: 0 },
  devices: [{ load: 0 }, { load: 0, temperature }],
});

test.each<[name: string, variables: Record<string, string>, facts: Partial<Facts>, rule: unknown]>([
  ["nothing is said where nothing was decided", {}, { reading: hot(99) }, undefined],
  ["a battery is not for lending", {}, { isOnBattery: true }, "battery"],
  ["unless its owner says so", { OWNER_BATTERY: "on" }, { isOnBattery: true }, undefined],
  ["the cap counts", { OWNER_TEMPERATURE_CAP: "80" }, { reading: hot(80) }, "temperature"],
  ["below it nothing happens", { OWNER_TEMPERATURE_CAP: "80" }, { reading: hot(79) }, undefined],
  [
    "a machine that rests cools by five degrees first",
    { OWNER_TEMPERATURE_CAP: "80" },
    { reading: hot(76), isResting: true },
    "temperature",
  ],
  ["a program", { OWNER_PROGRAMS: "blender, steam" }, { programs: ["steam"] }, "program"],
  ["the hours", { OWNER_SCHEDULE: "mon here" }, {}, "schedule"],
  [
    "not watched, the battery does not count",
    { OWNER_WATCH: "off" },
    { isOnBattery: true },
    undefined,
  ],
  ["but the hours do", { OWNER_WATCH: "off", OWNER_SCHEDULE: "mon here" }, {}, "schedule"],
])("%s", (_name, variables, facts, rule) => {
  const settings = readOwnerSettings(variables);
  expect(ruleThatHolds(settings, { ...nothing, ...facts })?.reason).toBe(rule);
});

test.each([
  ["OWNER_WATCH", "maybe"],
  ["OWNER_YIELD", "later"],
  ["OWNER_TEMPERATURE_CAP", "hot"],
  ["OWNER_VRAM_GIB", "-1"],
])("%s=%s is refused by its name", (param, value) => {
  expect(() => readOwnerSettings({ [param]: value })).toThrow(
    expect.objectContaining({ code: "configuration_invalid", param }),
  );
});

test("what is given beside the environment wins", () => {
  expect(readOwnerSettings({ OWNER_YIELD: "stop" }, { yield: "finish" }).yield).toBe("finish");
  expect(readGuestSettings({ LEND_TO: "all" }, { lendTo: "own" }).lendTo).toBe("own");
  expect(readOwnerSettings({})).toEqual(usualSettings);
});

test.each(["LEND_TO", "REQUESTER_STREAMS", "REQUESTER_DAILY_CREDITS"])(
  "%s=none is refused by its name",
  (param) => {
    expect(() => readGuestSettings({ [param]: "none" })).toThrow(
      expect.objectContaining({ code: "configuration_invalid", param }),
    );
  },
);
