/** A process of its own that runs worlds one at a time, with a bug planted in it or without. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { SeedResult } from "../../test/simulation/simulate-seed.ts";

export interface SeedProcess extends AsyncDisposable {
  /**
   * Runs one world. Rejects with `BrokenWorld` where an error broke it off; with another error where the process ends
   * instead of answering, or does not answer.
   * @param drags how slowly worker-2's engine answers, see `SeedOptions`
   */
  run(seed: number, drags?: number): Promise<SeedResult>;
}

export interface SeedQuestion {
  seed: number;
  drags?: number;
}

export type SeedAnswer = { result: SeedResult } | { broken: string } | { error: string };

/** An error in a world that nobody caught: there a real process would have ended. */
export class BrokenWorld extends Error {}

/** Far more than any world takes on any machine: what has not answered by then hangs. */
const patienceMs = 300_000;

const program = fileURLToPath(new URL("./seed-server.ts", import.meta.url));

/** @param mutant name of the bug to plant */
export function startSeedProcess(mutant?: string): SeedProcess {
  const child = fork(program, mutant === undefined ? [] : [mutant], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // Nearly all that a world makes is garbage a moment later: room for it to die young.
    execArgv: ["--max-semi-space-size=64"],
  });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4_096);
  });
  const ended = once(child, "exit").then(() => undefined);
  return {
    async run(seed, drags) {
      const answer = Promise.withResolvers<SeedAnswer>();
      const take = (message: unknown) => answer.resolve(message as SeedAnswer);
      const broken = () => answer.resolve({ error: said.trim() || "the process ended" });
      const timer = setTimeout(
        () => answer.resolve({ error: `no answer within ${patienceMs / 1_000} s` }),
        patienceMs,
      );
      child.once("message", take);
      child.once("exit", broken);
      try {
        if (child.exitCode !== null || child.signalCode !== null) broken();
        else child.send({ seed, ...(drags === undefined ? {} : { drags }) } satisfies SeedQuestion);
        const given = await answer.promise;
        if ("broken" in given) throw new BrokenWorld(given.broken);
        if ("error" in given) throw new Error(given.error);
        return given.result;
      } finally {
        clearTimeout(timer);
        child.off("message", take);
        child.off("exit", broken);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
