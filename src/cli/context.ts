/** What every command is handed. */
import { resolve } from "node:path";
import type { DestinationStream } from "pino";
import { type Clock, systemClock } from "../base/clock.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { accountKeyFile } from "../host/account-files.ts";
import { createCoordinatorClient, type CoordinatorClient } from "../host/coordinator-client.ts";
import { coordinatorKind, readCoordinatorUrl } from "../host/coordinator-url.ts";
import type { Environment } from "../host/env.ts";
import { dataFolder, ensureFolder } from "../host/folders.ts";
import { loadSigner } from "../host/key-file.ts";
import { createLog, type Log } from "../host/log.ts";
import type { Telemetry } from "../host/observe/telemetry.ts";
import type { Tracer } from "../host/observe/tracing.ts";
import { shellWord } from "../host/shell-word.ts";
import type { RoleCall } from "../host/role-socket.ts";
import { readRunFile } from "../host/run-file.ts";
import { readSettingsFile, withSettings } from "../host/settings-file.ts";
import { healthAnswer } from "../protocol/endpoints.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Signer } from "../protocol/signature.ts";
import { createQuestions, type Questions } from "./ask.ts";
import { type CliConfig, readCliConfig, readLooks } from "./config.ts";
import { createOutput, type Output, type Terminal } from "./output.ts";
import { readableLog } from "./readable-log.ts";
import { meantUrl } from "./meant.ts";
import { again } from "./typed-command.ts";

export interface CommonFlags {
  json?: boolean;
  data?: string;
  coordinator?: string;
}

/** What operators ask of a coordinator, whichever way it goes. */
export type OperatorQuestion = Pick<RoleCall, "method" | "path" | "body">;

export interface OperatorsPort {
  /** @throws TroopError what is refused there, with what to do about it, or `coordinator_unreachable`, `timeout` */
  ask(question: OperatorQuestion): Promise<unknown>;
}

export interface CommandContext {
  output: Output;
  questions: Questions;
  /** For what is neither output nor a question. */
  terminal: Terminal;
  environment: Environment;
  config: CliConfig;
  clock: Clock;
  random: Random;
  log: Log;
  /** Undefined where nothing is traced, as in all but the roles that serve. */
  tracer?: Tracer | undefined;
  telemetry?: Telemetry | undefined;
  /** Where log lines are shown instead of as JSON on stderr. */
  logShown: DestinationStream | undefined;
  /** Aborts when the user or the system asks the program to stop. */
  shutdown: AbortSignal;
  /** Whom operators' commands ask, where that is not this machine. */
  elsewhere?: OperatorsPort | undefined;
  /** What was typed behind `troop`. */
  words: readonly string[];
}

export interface Surroundings {
  terminal: Terminal;
  environment: Environment;
  shutdown: AbortSignal;
}

export function createContext(
  { terminal, environment: own, shutdown }: Surroundings,
  flags: CommonFlags,
  words: readonly string[],
): CommandContext {
  // What is printed of it must hold from anywhere.
  const folder = resolve(flags.data ?? dataFolder(own));
  const environment = withSettings(own, readSettingsFile(folder));
  const config = {
    ...readCliConfig(environment),
    dataFolder: folder,
    ...(flags.coordinator ? { coordinatorUrl: flags.coordinator } : {}),
  };
  const output = createOutput(terminal, readLooks(environment), flags.json === true);
  const logShown = terminal.stderr.isTTY ? readableLog(output.note) : undefined;
  return {
    output,
    questions: createQuestions(terminal, shutdown),
    terminal,
    environment,
    config,
    clock: systemClock,
    random: systemRandom,
    log: createLog(config.logLevel, logShown),
    logShown,
    shutdown,
    words,
  };
}

/** The account of whoever runs this: made on first use, the same for lending and borrowing. */
export const accountSigner = ({
  config,
  random,
}: Pick<CommandContext, "config" | "random">): Promise<Signer> =>
  loadSigner(accountKeyFile(ensureFolder(config.dataFolder)), random);

/** @throws TroopError `configuration_invalid` where nobody said which coordinator, or it is no URL to trust */
export function coordinatorUrl({ config }: Pick<CommandContext, "config">): string {
  const url = config.coordinatorUrl ?? coordinatorRunningHere(config);
  if (!url)
    throw notUsable(
      "Which coordinator? None is named and none is running here. Who runs one tells you its URL; `troop coordinator` starts one of your own.",
    );
  return usableCoordinator(url);
}

export const coordinatorRunningHere = ({ dataFolder: folder }: CliConfig): string | undefined =>
  ["client", "worker", "coordinator"]
    .map((role) => readRunFile(folder, role)?.coordinator)
    .find(Boolean);

/** @throws TroopError `configuration_invalid` where it is no URL to trust */
export function usableCoordinator(url: string): string {
  try {
    return readCoordinatorUrl(url);
  } catch (error) {
    throw notUsable((error as Error).message, meantUrl(url));
  }
}

const notUsable = (reason: string, instead = "http://127.0.0.1:8000") =>
  new TroopError("configuration_invalid", reason, {
    details: { run: `${again} --coordinator ${shellWord(instead)}` },
  });

/** Calls that fail say what would help with this coordinator. */
export function connectCoordinator(context: CommandContext): CoordinatorClient {
  const { clock, random } = context;
  const client = createCoordinatorClient({ url: coordinatorUrl(context), clock, random });
  return {
    ...client,
    call: async (call) => {
      try {
        return await client.call(call);
      } catch (error) {
        throw withAdvice(error, client.url);
      }
    },
  };
}

/**
 * Makes sure that a coordinator answers, before anything is started for it.
 * @throws TroopError `coordinator_unreachable`, `timeout`
 */
export async function reachCoordinator(context: CommandContext): Promise<void> {
  await using coordinator = connectCoordinator(context);
  const { shutdown: signal } = context;
  await coordinator.call({ method: "GET", path: "/health", answer: healthAnswer, signal });
}

function withAdvice(error: unknown, url: string): unknown {
  if (!(error instanceof TroopError)) return error;
  if (error.code !== "coordinator_unreachable" && error.code !== "timeout") return error;
  const { hostname, port } = new URL(url);
  const errno = errnoOf(error.cause) ?? "";
  // Somebody who answers, but not as a coordinator, holds that port: another one would not get it.
  const isFree = coordinatorKind(url) === "loopback" && errno === "ECONNREFUSED";
  const listen = port === "8000" ? "" : ` --listen ${hostname}:${port}`;
  const look = untrusted.test(errno) ? `NODE_EXTRA_CA_CERTS=<file> ${again}` : `curl ${url}/health`;
  const run = isFree ? `troop coordinator${listen}` : look;
  return new TroopError(error.code, error.message, { cause: error.cause, details: { run } });
}

/** What OpenSSL says of an authority that nobody here trusts. */
export const untrusted = /SELF_SIGNED|ISSUER_CERT|VERIFY_LEAF/;
const errnoOf = (error: unknown) => (error as NodeJS.ErrnoException | undefined)?.code;
