/** Runs the `tailscale` program, for so long and with so much output and no more. */
import { spawn } from "node:child_process";
import { type Clock, deadline } from "../../base/clock.ts";
import type { Environment } from "../env.ts";

export type CommandOutcome =
  | { kind: "ended"; code: number | null; stdout: string; stderr: string }
  /** There is no such program. */
  | { kind: "missing" }
  /** It could not be started, or had not ended in time. */
  | { kind: "failed"; reason: string };

/** Never rejects but with the reason of `signal`. */
export type TailscaleCommand = (
  words: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
) => Promise<CommandOutcome>;

/** Of each output; a status without peers is a few KiB. */
const outputCharacters = 256 * 1_024;

/** @param environment its PATH says where the program is; all of it is handed on */
export const createTailscaleCommand =
  (environment: Environment, clock: Clock): TailscaleCommand =>
  async (words, timeoutMs, signal) => {
    signal?.throwIfAborted();
    using limit = deadline(clock, timeoutMs, new Error(`no end after ${timeoutMs / 1_000} s`));
    const stop = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
    const child = spawn("tailscale", words, {
      env: { ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] = (output[name] + text).slice(0, outputCharacters);
      });
    const outcome = await new Promise<CommandOutcome>((resolve) => {
      const kill = () => {
        child.kill("SIGKILL");
        // A grandchild may hold the pipes open for longer than the program lives.
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ kind: "failed", reason: (stop.reason as Error).message });
      };
      stop.addEventListener("abort", kill, { once: true });
      child.once("error", (error: NodeJS.ErrnoException) => {
        resolve(
          error.code === "ENOENT" ? { kind: "missing" } : { kind: "failed", reason: error.message },
        );
      });
      child.once("close", (code) => {
        stop.removeEventListener("abort", kill);
        resolve({ kind: "ended", code, ...output });
      });
    });
    signal?.throwIfAborted();
    return outcome;
  };
