/** Logs as JSON lines on stderr. They carry ids, never prompts, tickets or keys. */
import { pino, stdSerializers, type DestinationStream, type Logger } from "pino";
import { CodedError } from "../base/error.ts";
import { fieldsOfCall } from "./observe/call.ts";

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

/** An expected failure is its code and its causes; where in the code it arose says nothing. A bug comes with its stack. */
function describeError(error: unknown): unknown {
  if (!(error instanceof CodedError)) return stdSerializers.err(error as Error);
  const { message } = stdSerializers.err(error);
  return { code: String(error.code), message };
}

export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    mixin: fieldsOfCall,
    serializers: { err: describeError },
    redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), remove: true },
  };
  return destination
    ? pino(options, destination)
    : pino(options, pino.destination({ fd: 2, sync: true }));
}
