/** What every command is handed. */
import { join } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { createCoordinatorClient, type CoordinatorClient } from "../host/coordinator-client.ts";
import type { Environment } from "../host/env.ts";
import { ensureFolder } from "../host/folders.ts";
import { loadSigner } from "../host/key-file.ts";
import { createLog, type Log } from "../host/log.ts";
import { readRunFile } from "../host/run-file.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Signer } from "../protocol/signature.ts";
import { type CliConfig, readCliConfig } from "./config.ts";
import { createOutput, type Output, type Terminal } from "./output.ts";

export interface CommonFlags {
  json?: boolean;
  data?: string;
  coordinator?: string;
}

export interface CommandContext {
  output: Output;
  environment: Environment;
  config: CliConfig;
  clock: Clock;
  random: Random;
  log: Log;
  /** Aborts when the user or the system asks the program to stop. */
  shutdown: AbortSignal;
}

export interface Surroundings {
  terminal: Omit<Terminal, "colors">;
  environment: Environment;
  shutdown: AbortSignal;
}

export function createContext(
  { terminal, environment, shutdown }: Surroundings,
  flags: CommonFlags,
): CommandContext {
  const read = readCliConfig(environment);
  const config = {
    ...read,
    ...(flags.data ? { dataFolder: flags.data } : {}),
    ...(flags.coordinator ? { coordinatorUrl: flags.coordinator } : {}),
  };
  return {
    output: createOutput({ ...terminal, colors: config.colors }, flags.json === true),
    environment,
    config,
    clock: systemClock,
    random: systemRandom,
    log: createLog(config.logLevel),
    shutdown,
  };
}

/** The account of whoever runs this: made on first use, the same for lending and borrowing. */
export const accountSigner = ({
  config,
  random,
}: Pick<CommandContext, "config" | "random">): Promise<Signer> =>
  loadSigner(join(ensureFolder(config.dataFolder), "account.key.json"), random);

/** @throws TroopError `configuration_invalid` where nobody said which coordinator */
export function coordinatorUrl({ config }: Pick<CommandContext, "config">): string {
  const roles = ["client", "worker", "coordinator"];
  const running = roles
    .map((role) => readRunFile(config.dataFolder, role)?.coordinator)
    .find(Boolean);
  const url = config.coordinatorUrl ?? running;
  if (url) return url.replace(/\/$/, "");
  throw new TroopError(
    "configuration_invalid",
    "Which coordinator? None is named and none is running here.",
    {
      details: { run: "troop <command> --coordinator http://127.0.0.1:8000" },
    },
  );
}

export const connectCoordinator = (context: CommandContext): CoordinatorClient =>
  createCoordinatorClient({
    url: coordinatorUrl(context),
    clock: context.clock,
    random: context.random,
  });
