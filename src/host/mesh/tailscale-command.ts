/** Runs the `tailscale` program, for so long and no more. */
import type { Clock } from "../../base/clock.ts";
import type { Environment } from "../env.ts";
import { createRunProgram, type ProgramOutcome } from "../run-program.ts";

export type CommandOutcome = ProgramOutcome;

/** Never rejects but with the reason of `signal`. */
export type TailscaleCommand = (
  words: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
) => Promise<CommandOutcome>;

/** @param environment its PATH says where the program is; all of it is handed on */
export function createTailscaleCommand(environment: Environment, clock: Clock): TailscaleCommand {
  const run = createRunProgram(environment, clock);
  return (words, timeoutMs, signal) => run(["tailscale", ...words], timeoutMs, signal);
}
