/** Runs another program to its end, for so long and with so much output and no more. */
import { spawn } from "node:child_process";
import { type Clock, deadline } from "../base/clock.ts";
import type { Environment } from "./env.ts";

export type ProgramOutcome =
  | { kind: "ended"; code: number | null; stdout: string; stderr: string }
  /** There is no such program. */
  | { kind: "missing" }
  /** It could not be started, or had not ended in time. */
  | { kind: "failed"; reason: string };

/** Never rejects but with the reason of `signal`. */
export type RunProgram = (
  command: readonly [program: string, ...words: string[]],
  timeoutMs: number,
  signal?: AbortSignal,
) => Promise<ProgramOutcome>;

/** Of each output; the longest that is asked for is a few hundred lines of a log. */
const outputCharacters = 4 * 1_024 * 1_024;

/** @param environment its PATH says where programs are; all of it is handed on */
export const createRunProgram =
  (environment: Environment, clock: Clock): RunProgram =>
  async ([program, ...words], timeoutMs, signal) => {
    signal?.throwIfAborted();
    using limit = deadline(clock, timeoutMs, new Error(`no end after ${timeoutMs / 1_000} s`));
    const child = spawn(program, words, {
      env: { ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] = (output[name] + text).slice(0, outputCharacters);
      });
    // Not `AbortSignal.any`, which would stay with a signal that lives for weeks.
    const stops = signal ? [signal, limit.signal] : [limit.signal];
    const outcome = await new Promise<ProgramOutcome>((resolve) => {
      const end = (how: ProgramOutcome) => {
        for (const stop of stops) stop.removeEventListener("abort", kill);
        resolve(how);
      };
      const kill = () => {
        child.kill("SIGKILL");
        // A grandchild may hold the pipes open for longer than the program lives.
        child.stdout.destroy();
        child.stderr.destroy();
        end({ kind: "failed", reason: reasonOf(stops) });
      };
      for (const stop of stops) stop.addEventListener("abort", kill, { once: true });
      // More than once where a program cannot be killed.
      child.on("error", ({ code, message }: NodeJS.ErrnoException) =>
        end(code === "ENOENT" ? { kind: "missing" } : { kind: "failed", reason: message }),
      );
      child.once("close", (code) => end({ kind: "ended", code, ...output }));
    });
    signal?.throwIfAborted();
    return outcome;
  };

const reasonOf = (stops: readonly AbortSignal[]): string =>
  (stops.find(({ aborted }) => aborted)!.reason as Error).message;
