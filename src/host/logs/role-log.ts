/** The log of a role: on stderr as much as was asked for, and in a file a little more, for the question that comes later. */
import { join } from "node:path";
import { destination as toDescriptor, type DestinationStream, multistream } from "pino";
import { createLog, type Log, type LogLevel, logLevels } from "../log.ts";

/** Roles as people name them on the command line. */
export const loggedRoles = ["worker", "coordinator", "relay", "up"] as const;
export type LoggedRole = (typeof loggedRoles)[number];

export const logFolder = (dataFolder: string): string => join(dataFolder, "logs");

export const logFile = (dataFolder: string, role: LoggedRole): string =>
  join(logFolder(dataFolder), `${role}.log`);

/** What the file holds unless stderr is asked for more. Nothing where nothing is to be logged. */
export const fileLevel = (level: LogLevel): LogLevel =>
  level === "silent" || logLevels.indexOf(level) > logLevels.indexOf("info") ? level : "info";

/** @param shown instead of JSON lines on stderr. @param sent takes what the file takes, to be sent elsewhere */
export function createRoleLog(
  level: LogLevel,
  shown: DestinationStream | undefined,
  file: DestinationStream,
  sent?: DestinationStream,
): Log {
  if (level === "silent") return createLog(level);
  const most = fileLevel(level) as Exclude<LogLevel, "silent">;
  const both = multistream([
    { level, stream: shown ?? toDescriptor({ fd: 2, sync: true }) },
    { level: most, stream: file },
    ...(sent ? [{ level: most, stream: sent }] : []),
  ]);
  return createLog(most, both);
}
