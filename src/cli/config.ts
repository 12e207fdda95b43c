/** The command line's door to the environment: the flags every command shares, and what they default to. */
import { z } from "zod";
import { type Environment, readSecret, readSettings } from "../host/env.ts";
import { cacheFolder, dataFolder } from "../host/folders.ts";
import { logLevels, type LogLevel } from "../host/log.ts";
import type { Looks } from "./looks.ts";

/** What a machine does in the network. */
export const machineRoles = ["borrow", "lend", "both"] as const;
export type MachineRoles = (typeof machineRoles)[number];

const settings = z.object({
  LOG_LEVEL: z.enum(logLevels).default("warn"),
  DATA_DIR: z.string().optional(),
  XDG_DATA_HOME: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  COORDINATOR_URL: z.string().optional(),
  ROLES: z.enum(machineRoles).optional(),
});

export interface CliConfig {
  logLevel: LogLevel;
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
  const { LOG_LEVEL, COORDINATOR_URL, ROLES } = readSettings(environment, settings);
  return {
    logLevel: LOG_LEVEL,
    dataFolder: dataFolder(environment),
    cacheFolder: cacheFolder(environment),
    coordinatorUrl: COORDINATOR_URL,
    roles: ROLES,
  };
}

/** Where no locale is named, as for most services, it is taken for one of UTF-8. Never throws. */
export function readLooks(environment: Environment): Looks {
  const { TERM: kind, LC_ALL: all, LC_CTYPE: signs, LANG: language } = environment;
  const hasCursor = kind !== "dumb";
  return {
    hasStyles: hasCursor && !environment["NO_COLOR"],
    hasCursor,
    hasUnicode: /^$|utf-?8/i.test(all || signs || language || ""),
  };
}

/** Of the operator that `troop admin --url --as` names; undefined where it is to be asked for. */
export const readAdminPassword = (environment: Environment): string | undefined =>
  readSecret(environment, "TROOP_ADMIN_PASSWORD");
