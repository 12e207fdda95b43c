/** The command line's table of contents. Each command is a file of its own. */
import { Command, CommanderError } from "commander";
import { inspect } from "node:util";
import { packageVersion } from "../host/package.ts";
import {
  addAccountCommands,
  addCreditCommands,
  type AddCommand,
  type Verb,
} from "./account-commands.ts";
import { addAdminCommands } from "./admin-commands.ts";
import { example } from "./command-texts.ts";
import { balance } from "./commands/balance.ts";
import { chat } from "./commands/chat.ts";
import { coordinator } from "./commands/coordinator.ts";
import { demo } from "./commands/demo.ts";
import { models } from "./commands/models.ts";
import { relay } from "./commands/relay.ts";
import { status } from "./commands/status.ts";
import { up } from "./commands/up.ts";
import { addCompletionCommand } from "./completion-command.ts";
import { readLooks } from "./config.ts";
import { type CommonFlags, createContext, type Surroundings } from "./context.ts";
import { EndedWith, exitCodeOf, exitCodes, failureLines, failureOf } from "./failure.ts";
import { orInBackground } from "./in-background.ts";
import { addKeyCommands } from "./key-commands.ts";
import { addLaunchCommand } from "./launch-command.ts";
import { addMeshCommands } from "./mesh-commands.ts";
import { addNodeCommands } from "./node-commands.ts";
import { spelledInAscii } from "./looks.ts";
import { createOutput } from "./output.ts";
import { logged } from "./role-log.ts";
import { namingSettingsFile } from "./settings-source.ts";
import { addStartCommands } from "./start-commands.ts";
import { addUpkeepCommands } from "./upkeep-commands.ts";
import { commandOf, nameOf, usageError } from "./usage-error.ts";
import { addWorkerCommands } from "./worker-commands.ts";

/** Every command, its flags and arguments. @param words what was typed behind `troop` */
export function buildProgram(surroundings: Surroundings, words: readonly string[]): Command {
  const { stdout } = surroundings.terminal;
  const { hasUnicode } = readLooks(surroundings.environment);
  const program = new Command("troop")
    .description(
      "Lend your idle GPU, earn credits, and use other people's through an OpenAI-compatible API.",
    )
    .addHelpText(
      "after",
      example("troop demo", "troop up --coordinator http://127.0.0.1:8000", "troop help worker"),
    )
    .version(packageVersion, "-V, --version", "print the version")
    .configureOutput({
      writeOut: (text) => stdout.write(hasUnicode ? text : spelledInAscii(text)),
      writeErr: () => undefined,
    })
    .showSuggestionAfterError(true)
    .exitOverride();

  const add: AddCommand = (name, description, verb, parent = program) =>
    parent
      .command(name)
      .description(description)
      .option("--json", "print one JSON object as the last line")
      .option("--data <folder>", "where keys and records are kept (DATA_DIR)")
      .action((...given: unknown[]) => {
        const command = given.at(-1) as Command;
        const named = command.registeredArguments.map((argument, index) => [
          argument.name(),
          given[index],
        ]);
        const typed = [...Object.entries(command.optsWithGlobals()), ...named];
        const flags: CommonFlags = Object.fromEntries(
          typed.map(([name, value]) => [name, unshield(value)]),
        );
        return namingSettingsFile(surroundings, flags.data, () =>
          verb(createContext(surroundings, flags, words), flags as never),
        );
      });
  const addConnected: AddCommand = (name, description, verb, parent) =>
    add(name, description, verb, parent).option(
      "--coordinator <url>",
      "the coordinator to use (COORDINATOR_URL)",
    );

  add("demo", "run a whole network on this machine, with a toy model", demo as Verb)
    .option("--ask <question>", "ask one question, print the answer and what it cost, and exit")
    .option("--model <name or file>", "the model to ask: a name on offer, or a GGUF file to load")
    .option("--port <port>", "port of the local API (default: a free one)")
    .addHelpText("after", example("troop demo", 'troop demo --ask "What is a ticket?"'));
  add(
    "coordinator",
    "run a coordinator: it introduces, signs tickets and keeps the books",
    logged("coordinator", coordinator as Verb),
  )
    .option("--listen <host:port>", "where to listen (LISTEN)")
    .option("--port <port>", "the port alone, on this machine only")
    .option("--public-url <url>", "the URL others reach it by (PUBLIC_URL)")
    .addHelpText(
      "after",
      example("troop coordinator", "DATABASE_URL=postgres://… troop coordinator --port 8100"),
    );
  addWorkerCommands(add, addConnected);
  addConnected(
    "relay",
    "carry sealed requests to workers that nobody can reach",
    logged("relay", relay as Verb),
  )
    .option("--listen <host:port>", "where to listen (RELAY_LISTEN)")
    .option("--port <port>", "the port alone, on this machine only")
    .option("--public-url <url>", "the URL others reach it by (RELAY_PUBLIC_URL)")
    .addHelpText("after", example("troop relay --coordinator http://127.0.0.1:8000"));
  addConnected(
    "up",
    "start the local API that your applications talk to",
    orInBackground("up", logged("up", up as Verb)),
  )
    .option("--daemon", "in the background, until `troop down`")
    .option("--port <port>", "port of the local API (PROXY_PORT, default 9000)")
    .option("--socket <path>", "a Unix socket beside it, for you alone (PROXY_SOCKET)")
    .option("--invite <code>", "a code that lets you in, where the coordinator asks for one")
    .option("--only-nodes <ids>", "ask these nodes only, whatever is listed (ONLY_NODES)")
    .option("--only-owners <ids>", "ask nodes of these owners only (ONLY_OWNERS)")
    .option("--spend-hourly <credits>", "the most to spend in any hour (SPEND_HOURLY)")
    .option("--spend-daily <credits>", "the most to spend in any 24 hours (SPEND_DAILY)")
    .addHelpText("after", example("troop up --coordinator http://127.0.0.1:8000"));
  addStartCommands(add, addConnected);
  add("chat [words...]", "talk with a model, or ask one question", chat as Verb)
    .option("--model <name>", "the model to ask (default: troop/auto)")
    .option("--url <url>", "the local API (default: the one that runs on the data folder)")
    .option("--system <text>", "what the model is told to be")
    .option("--no-history", "keep nothing of what is typed for the arrow keys")
    .addHelpText(
      "after",
      example(
        "troop chat",
        'troop chat --model troop/auto "What is a ticket?"',
        'git diff | troop chat "Is this right?" -',
      ),
    );
  addLaunchCommand(add);
  addConnected("status", "what runs here, and whether it is well", status as Verb).addHelpText(
    "after",
    example("troop status", "troop status --json"),
  );
  addConnected("models", "models on offer, and their prices", models as Verb).addHelpText(
    "after",
    example("troop models", "troop models --json"),
  );
  addNodeCommands(add, addConnected);
  addKeyCommands(program, add);
  addConnected("balance", "credits to spend", balance as Verb).addHelpText(
    "after",
    example("troop balance", "troop balance --json"),
  );
  addCreditCommands(addConnected);
  addAccountCommands(program, addConnected);
  addMeshCommands(program, add);
  addUpkeepCommands(program, addConnected, add);
  addAdminCommands(program, add);
  addCompletionCommand(program, add);
  return program;
}

/**
 * One id in sixty-four begins with a dash and would pass for a flag. No flag of ours is a single dash with a word,
 * and none has the length of an id: such words go past the parser behind a character that nobody can type.
 */
const shieldMark = "\u0000";
const shield = (word: string): string =>
  /^-(?:[A-Za-z0-9_][A-Za-z0-9_-]{6,41}|[A-Za-z0-9_-]{42})$/.test(word) ? shieldMark + word : word;
const unshield = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(unshield)
    : typeof value === "string" && value.startsWith(shieldMark)
      ? value.slice(1)
      : value;

/** Runs one command and returns its exit code. Never rejects. */
export async function runCli(argv: string[], surroundings: Surroundings): Promise<number> {
  const program = buildProgram(surroundings, argv);
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return exitCodes.ok;
    }
    await program.parseAsync(argv.map(shield), { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    return report(error, commandOf(program, argv), argv, surroundings);
  }
}

function report(
  error: unknown,
  typed: Command,
  argv: string[],
  surroundings: Surroundings,
): number {
  const { terminal, environment, shutdown } = surroundings;
  if (error instanceof EndedWith) return error.exitCode;
  // Help and version end by an exception too.
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
  if (shutdown.aborted && isAbort(error, shutdown)) return exitCodes.interrupted;
  const known = error instanceof CommanderError ? usageError(error, typed) : error;
  const failure = failureOf(known, { argv, environment, command: nameOf(typed) });
  // A bug's stack is for whoever asked for it; everybody else gets three lines.
  if (failure.code === "internal_error" && isVerbose(environment))
    terminal.stderr.write(`${inspect(error)}\n`);
  const output = createOutput(terminal, readLooks(environment), argv.includes("--json"));
  for (const line of failureLines(failure)) output.note(line);
  output.json({ error: failure });
  return exitCodeOf(known);
}

const isAbort = (error: unknown, { reason }: AbortSignal): boolean =>
  error === reason || (error instanceof Error && error.name === "AbortError");

const isVerbose = ({ LOG_LEVEL }: Surroundings["environment"]): boolean =>
  LOG_LEVEL === "debug" || LOG_LEVEL === "trace";
