/** Carries a plan out, step by step. */
import { chmodSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { TroopError } from "../../protocol/error-codes.ts";
import type { RunProgram } from "../run-program.ts";
import { shellWord } from "../shell-word.ts";
import type { Command, Step } from "./plan.ts";

/** Stopping a worker lets what it computes finish. */
const commandTimeoutMs = 360_000;

/** @throws TroopError `service_failed` */
export async function carryOut(
  steps: readonly Step[],
  run: RunProgram,
  signal: AbortSignal,
): Promise<void> {
  for (const step of steps) await take(step, run, signal);
}

async function take(step: Step, run: RunProgram, signal: AbortSignal): Promise<void> {
  switch (step.kind) {
    case "folder":
      return onDisk(
        step.path,
        () => void mkdirSync(step.path, { recursive: true, mode: step.mode }),
      );
    case "write":
      return onDisk(step.path, () => write(step.path, step.text, step.mode));
    case "remove":
      return onDisk(step.path, () => remove(step.path));
    case "run": {
      const outcome = await run(step.command, commandTimeoutMs, signal);
      if (step.mayFail || (outcome.kind === "ended" && outcome.code === 0)) return;
      const reason =
        outcome.kind === "ended"
          ? outcome.stderr.trim().split("\n")[0] || `it ended with ${outcome.code}`
          : outcome.kind === "missing"
            ? "there is no such program"
            : outcome.reason;
      throw failure(`\`${commandLine(step.command)}\` failed.`, new Error(reason), {
        ...whyNot(step.command),
      });
    }
    default:
      return step satisfies never;
  }
}

export const commandLine = (command: Command): string => command.map(shellWord).join(" ");

/** Its mode holds from the first byte on, also where the file was there before. */
function write(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode, flag: "wx" });
  chmodSync(path, mode);
}

function remove(path: string): void {
  rmSync(path, { force: true });
  // A folder of ours that is empty now.
  if (dirname(path).endsWith("/monkey-troop"))
    try {
      rmdirSync(dirname(path));
    } catch {
      // Another service's settings are in it, or it never was.
    }
}

function onDisk(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw failure(`${path} cannot be changed.`, error);
  }
}

const failure = (message: string, cause: unknown, details: Record<string, string> = {}) =>
  new TroopError("service_failed", message, { cause, details });

/** Where systemd says why a unit did not start. */
function whyNot(command: Command): { run?: string } {
  if (command[0] !== "systemctl" || !command.includes("restart")) return {};
  const unit = command.at(-1)!;
  const option = command.includes("--user") ? "--user-unit" : "--unit";
  return { run: `journalctl ${option} ${unit} --lines 20 --no-pager` };
}
