/** Production code reports what it survives to a log; in a world somebody reads it. */
import type { Log } from "../../../src/host/log.ts";
import { TroopError } from "../../../src/protocol/error-codes.ts";
import { Killed } from "./machine.ts";

/** Codes that sockets and aborted signals fail with. */
const expectedNames = new Set(["AbortError", "RequestAborted"]);
const socketCode = /^(E[A-Z]+|UND_ERR_[A-Z_]+)$/;

/** True for an error that nobody foresaw: a bug, whoever swallowed it. */
export function isFaultOfOurs(error: unknown): boolean {
  if (error instanceof TroopError) return false;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (cause instanceof Killed || expectedNames.has(cause.name)) return false;
    if (typeof code === "string" && socketCode.test(code)) return false;
  }
  return true;
}

/**
 * @param heard is told of errors that nobody foresaw
 * @param note writes a line of the trace
 */
export function createListeningLog(
  heard: (what: string) => void,
  note: (line: () => string) => void,
): Log {
  const write = (fields: unknown, message?: string) => {
    const { err } = (fields ?? {}) as { err?: unknown };
    note(() => `log: ${message} ${(err as { code?: string } | undefined)?.code ?? ""}`);
    if (err !== undefined && isFaultOfOurs(err)) heard(`${message}: ${describe(err)}`);
  };
  const log = { trace: write, debug: write, info: write, warn: write, error: write, fatal: write };
  return log as unknown as Log;
}

export const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
