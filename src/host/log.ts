/** Logs as JSON lines on stderr. They carry ids, never prompts, tickets or keys. */
import { pino, type DestinationStream, type Logger } from "pino";

export type Log = Logger;

export const logLevels = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Fields that could ever hold a secret are cut out by name, whatever object they are logged in. */
const secretFields = [
  "authorization",
  "dpop",
  "ticket",
  "token",
  "d",
  "seed",
  "x",
  "password",
  "prompt",
  "messages",
];

export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), remove: true },
  };
  return destination
    ? pino(options, destination)
    : pino(options, pino.destination({ fd: 2, sync: true }));
}
