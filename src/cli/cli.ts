/** The command line's table of contents. Each command is a file of its own. */
import { Command, CommanderError } from "commander";
import { packageVersion } from "../host/package.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { balance } from "./commands/balance.ts";
import { coordinator } from "./commands/coordinator.ts";
import { demo } from "./commands/demo.ts";
import { models } from "./commands/models.ts";
import { nodes } from "./commands/nodes.ts";
import { status } from "./commands/status.ts";
import { transactions } from "./commands/transactions.ts";
import { up } from "./commands/up.ts";
import { worker } from "./commands/worker.ts";
import {
  type CommandContext,
  type CommonFlags,
  createContext,
  type Surroundings,
} from "./context.ts";
import { exitCodeOf, exitCodes, failureLines, failureOf } from "./failure.ts";

type Verb = (context: CommandContext, flags: never) => Promise<void>;

function buildProgram(surroundings: Surroundings): Command {
  const { stdout } = surroundings.terminal;
  const program = new Command("troop")
    .description(
      "Lend your idle GPU, earn credits, and use other people's through an OpenAI-compatible API.",
    )
    .version(packageVersion, "-V, --version", "print the version")
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: () => undefined })
    .showSuggestionAfterError(true)
    .exitOverride();

  const add = (name: string, description: string, verb: Verb) =>
    program
      .command(name)
      .description(description)
      .option("--json", "print one JSON object as the last line")
      .option("--data <folder>", "where keys and records are kept (DATA_DIR)")
      .action((flags: CommonFlags) => verb(createContext(surroundings, flags), flags as never));
  const addConnected = (name: string, description: string, verb: Verb) =>
    add(name, description, verb).option(
      "--coordinator <url>",
      "the coordinator to use (COORDINATOR_URL)",
    );

  add("demo", "run a whole network on this machine, with a toy model", demo as Verb)
    .option("--ask <question>", "ask one question, print the answer and what it cost, and exit")
    .option("--model <name or file>", "the model to ask: a name on offer, or a GGUF file to load")
    .option("--port <port>", "port of the local API (default: a free one)")
    .addHelpText("after", '\nExample:\n  $ troop demo --ask "What is a ticket?"');
  add(
    "coordinator",
    "run a coordinator: it introduces, signs tickets and keeps the books",
    coordinator as Verb,
  )
    .option("--listen <host:port>", "where to listen (LISTEN)")
    .option("--port <port>", "the port alone, on this machine only")
    .option("--public-url <url>", "the URL others reach it by (PUBLIC_URL)");
  addConnected("worker", "lend this machine's engine to others", worker as Verb)
    .option("--model <file>", "load this GGUF file with the built-in engine")
    .option("--engine <url>", "use the OpenAI-compatible server at this URL only")
    .option("--listen <host:port>", "where to listen (WORKER_LISTEN)")
    .option("--port <port>", "the port alone");
  addConnected("up", "start the local API that your applications talk to", up as Verb).option(
    "--port <port>",
    "port of the local API (PROXY_PORT, default 9000)",
  );
  addConnected("status", "what runs here, and whether it is well", status as Verb);
  addConnected("models", "models on offer, and their prices", models as Verb);
  addConnected("nodes", "nodes that lend now", nodes as Verb).option(
    "--model <name>",
    "only those that offer it",
  );
  addConnected("balance", "credits to spend", balance as Verb);
  addConnected("transactions", "where credits came from and went", transactions as Verb)
    .option("--limit <number>", "how many", "20")
    .option("--cursor <cursor>", "go on where the last page ended");
  return program;
}

/** Runs one command and returns its exit code. Never rejects. */
export async function runCli(argv: string[], surroundings: Surroundings): Promise<number> {
  try {
    const program = buildProgram(surroundings);
    if (argv.length === 0) {
      surroundings.terminal.stdout.write(program.helpInformation());
      return exitCodes.ok;
    }
    await program.parseAsync(argv, { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    return report(error, argv, surroundings);
  }
}

function report(error: unknown, argv: string[], { terminal }: Surroundings): number {
  // Help and version end by an exception too.
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
  const known = error instanceof CommanderError ? usageError(error, argv) : error;
  const failure = failureOf(known);
  for (const line of failureLines(failure)) terminal.stderr.write(`${line}\n`);
  if (argv.includes("--json")) terminal.stdout.write(`${JSON.stringify({ error: failure })}\n`);
  return exitCodeOf(known);
}

function usageError(error: CommanderError, argv: string[]): TroopError {
  const reason = error.message.replace(/^error: /, "").replaceAll(/\n/g, " ");
  const command = argv.find((word) => /^[a-z]+$/.test(word));
  const isKnown = command && error.code !== "commander.unknownCommand";
  return new TroopError("usage", reason, {
    details: { run: `troop ${isKnown ? `${command} ` : ""}--help` },
  });
}
