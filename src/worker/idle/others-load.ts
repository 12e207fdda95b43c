/**
 * How much of a reading is not our own doing. Pure.
 *
 * While no request of ours runs, everything is the owner's: also what they ask of the very engine that we lend. While one
 * runs, only load of processes that cannot be the engine's is surely theirs; where the instrument names none, and the
 * device is not quiet as a whole, their share is hidden.
 */
import { marks, type OthersLoad } from "./presence.ts";
import type { Device, Reading } from "./reading.ts";

export interface OwnWork {
  /** Requests of ours that run now. */
  running: number;
  /** Since the last one ended, ms; Infinity before the first. */
  restedMs: number;
  /** Types of the engines that we lend. */
  engines: readonly string[];
}

export const isOurs = ({ running, restedMs }: OwnWork, lingersMs: number): boolean =>
  running > 0 || restedMs < lingersMs;

export function othersLoad(reading: Reading, own: OwnWork): OthersLoad {
  const { devices, lingersMs } = reading;
  if (!isOurs(own, lingersMs)) return Math.max(...devices.map(({ load }) => load));
  const loads = devices.map((device) => othersLoadOf(device, own.engines));
  const known = loads.filter((load) => load !== "hidden");
  const most = Math.max(0, ...known);
  // One device that is surely busy is enough; that all are quiet must be known of each.
  return most > marks.busyAbove || known.length === loads.length ? most : "hidden";
}

function othersLoadOf({ load, processes }: Device, engines: readonly string[]): number | "hidden" {
  if (load < marks.quietBelow) return load;
  if (!processes) return "hidden";
  let theirs = 0;
  let unclear = 0;
  for (const process of processes) {
    const whose = whoseIs(process.name, engines);
    if (whose === "theirs") theirs += process.load;
    if (whose === "unclear") unclear += process.load;
  }
  return theirs > marks.busyAbove || unclear < marks.quietBelow ? theirs : "hidden";
}

/** What an engine's processes on a GPU are called, by its type. Of an engine that is not listed anything may be. */
const engineProcesses: Readonly<Record<string, RegExp>> = {
  ollama: /ollama|llama/i,
  "llama-server": /llama/i,
  "llama-cpp": /node|troop/i,
  "lm-studio": /lm.?studio|^lms|llmster|llama|node/i,
  vllm: /vllm|python|pt_main|ray/i,
  sglang: /sglang|python|pt_main|ray/i,
};
/** Names that the owner's programs bear as well as an engine does. */
const commonNames = /^(python|node|pt_main|ray)/i;

/** @param name a program's name or path, as far as the instrument tells it */
export function whoseIs(name: string, engines: readonly string[]): "ours" | "theirs" | "unclear" {
  const program = name.split(/[\\/]/).at(-1) ?? "";
  if (program === "" || program === "-" || program.startsWith("[")) return "unclear";
  const patterns = engines.map((engine) => engineProcesses[engine]);
  if (patterns.includes(undefined)) return "unclear";
  if (!patterns.some((pattern) => pattern!.test(program))) return "theirs";
  return commonNames.test(program) ? "unclear" : "ours";
}
