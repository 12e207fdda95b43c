import { expect, test } from "vitest";
import { othersLoad, type OwnWork, whoseIs } from "./others-load.ts";
import type { Device, Reading } from "./reading.ts";

const reading = (...devices: [Device, ...Device[]]): Reading => ({
  ...{ source: "nvidia", devices, lingersMs: 5_000 },
});
const atRest: OwnWork = { running: 0, restedMs: Infinity, engines: ["ollama"] };
const atWork: OwnWork = { ...atRest, running: 1, restedMs: 0 };
const device = (load: number, processes?: Record<string, number>): Device => ({
  load,
  ...(processes
    ? { processes: Object.entries(processes).map(([name, part]) => ({ name, load: part })) }
    : {}),
});

test("while nothing of ours runs all load is the owner's, the busiest GPU's first", () => {
  expect(othersLoad(reading(device(5), device(70)), atRest)).toBe(70);
  expect(othersLoad(reading(device(99, { ollama: 99 })), atRest)).toBe(99);
});

test.each<[name: string, device: Device, load: number | "hidden"]>([
  ["a quiet device is quiet, whosever the little is", device(9), 9],
  ["one that names nobody hides the owner", device(80), "hidden"],
  ["the engine's part is ours", device(80, { ollama_llama_server: 80 }), 0],
  ["the rest is the owner's", device(98, { "/usr/bin/ollama": 60, blender: 38 }), 38],
  ["windows are the owner's, and little", device(80, { ollama: 75, Xorg: 3, firefox: 2 }), 5],
  ["a name that is not told may be either", device(80, { ollama: 40, "-": 40 }), "hidden"],
  ["but does not hide what is told", device(98, { "[Not Found]": 60, blender: 38 }), 38],
])("while we work, %s", (_name, seen, load) => {
  expect(othersLoad(reading(seen), atWork)).toBe(load);
});

test("what our work leaves on the instrument is not the owner's", () => {
  const justEnded = { ...atRest, restedMs: 4_999 };
  expect(othersLoad(reading(device(80)), justEnded)).toBe("hidden");
  expect(othersLoad(reading(device(80)), { ...atRest, restedMs: 5_000 })).toBe(80);
});

test("one GPU that is surely busy is enough; quiet they must all be", () => {
  const [ours, theirs, quiet] = [device(90), device(90, { blender: 90 }), device(2)];
  expect(othersLoad(reading(ours, theirs), atWork)).toBe(90);
  expect(othersLoad(reading(ours, quiet), atWork)).toBe("hidden");
  expect(othersLoad(reading(quiet, quiet), atWork)).toBe(2);
});

test.each([
  ["python3", ["ollama"], "theirs"],
  ["python3", ["vllm"], "unclear"],
  ["VLLM::EngineCor", ["vllm"], "ours"],
  ["LM Studio", ["lm-studio"], "ours"],
  ["C:\\Users\\me\\ollama.exe", ["ollama"], "ours"],
  ["blender", ["ollama", "openai"], "unclear"],
  ["blender", ["ollama", "vllm"], "theirs"],
  ["blender", [], "theirs"],
] as const)("%s beside %s is %s", (name, engines, whose) => {
  expect(whoseIs(name, engines)).toBe(whose);
});
