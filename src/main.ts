/** The program: hands the command line what only the process has, and sets its exit code. */
import { runCli } from "./cli/cli.ts";
import { processEnvironment } from "./cli/config.ts";
import { listenForShutdown } from "./host/shutdown.ts";

const interrupted = 130;
using shutdown = listenForShutdown(() => process.exit(interrupted));

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: { stdout: process.stdout, stderr: process.stderr },
  environment: processEnvironment(),
  shutdown: shutdown.signal,
});
