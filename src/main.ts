/** The program: hands the command line what only the process has, and sets its exit code. */
import { systemClock } from "./base/clock.ts";
import { runCli } from "./cli/cli.ts";
import { processEnvironment } from "./cli/config.ts";
import { exitCodes } from "./cli/failure.ts";
import { listenForShutdown } from "./host/shutdown.ts";

// What `ps`, and whoever finds a port taken, calls it.
process.title = `troop ${process.argv[2] ?? ""}`.trimEnd();

using shutdown = listenForShutdown(systemClock, () => process.exit(exitCodes.interrupted));

// Whoever read along has gone, as `| head` does once it has its lines: there is nobody left to go on for.
process.stdout.once("error", () => {
  process.stdout.on("error", () => undefined);
  process.emit("SIGTERM");
});

// Whoever started this in the background reads along until it is ready, and then has gone.
process.stderr.on("error", () => undefined);

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
  environment: processEnvironment(),
  shutdown: shutdown.signal,
});
