/** The command line's door to the environment: the flags every command shares, and what they default to. */
import { z } from "zod";
import { type Environment, readSecret, readSettings } from "../host/env.ts";
import { cacheFolder, dataFolder } from "../host/folders.ts";
import { logLevels, type LogLevel } from "../host/log.ts";

/** What a machine does in the network. */
export const machineRoles = ["borrow", "lend", "both"] as const;
export type MachineRoles = (typeof machineRoles)[number];

const settings = z.object({
  LOG_LEVEL: z.enum(logLevels).default("warn"),
  NO_COLOR: z.string().optional(),
  DATA_DIR: z.string().optional(),
  XDG_DATA_HOME: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  COORDINATOR_URL: z.string().optional(),
  ROLES: z.enum(machineRoles).optional(),
});

export interface CliConfig {
  logLevel: LogLevel;
  colors: boolean;
  dataFolder: string;
  cacheFolder: string;
  coordinatorUrl: string | undefined;
  /** What `troop init` was told. */
  roles: MachineRoles | undefined;
}

/** The process's environment, read in this one place. */
export const processEnvironment = (): Environment => process.env;

/** @throws TroopError `configuration_invalid` */
export function readCliConfig(environment: Environment): CliConfig {
  const { LOG_LEVEL, NO_COLOR, COORDINATOR_URL, ROLES } = readSettings(environment, settings);
  return {
    logLevel: LOG_LEVEL,
    colors: NO_COLOR === undefined,
    dataFolder: dataFolder(environment),
    cacheFolder: cacheFolder(environment),
    coordinatorUrl: COORDINATOR_URL,
    roles: ROLES,
  };
}

/** Of the operator that `troop admin --url --as` names; undefined where it is to be asked for. */
export const readAdminPassword = (environment: Environment): string | undefined =>
  readSecret(environment, "TROOP_ADMIN_PASSWORD");
