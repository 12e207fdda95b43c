/** Runs the command that the services are for, and says how it ended. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Resolves with the status a shell would report: the exit code, or 128 + the number of the signal. */
export function runCommand(
  [program, ...options]: readonly string[],
  variables: Record<string, string>,
): Promise<number> {
  if (program === undefined) throw new Error("no command to run");
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, {
      stdio: "inherit",
      env: { ...process.env, ...variables },
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        // A terminal sends Ctrl-C to the command too; told twice, vitest would not finish its report.
        if (signal === "SIGINT" && process.stdin.isTTY) return;
        child.kill(signal);
      });
    }
    child.once("error", (error) => {
      reject(new Error(`cannot run ${program}: ${error.message}`, { cause: error }));
    });
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
