/** A failure as the command line shows it: one reason code, one cause, one command to run. */
import { TroopError, type ErrorCode } from "../protocol/error-codes.ts";

export const exitCodes = { ok: 0, failed: 1, usage: 2, notConnected: 3, noCredits: 4 } as const;

const notConnected: readonly ErrorCode[] = [
  "coordinator_unreachable",
  "node_unreachable",
  "no_nodes_available",
  "ledger_unavailable",
  "database_unreachable",
  "timeout",
];

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof TroopError)) return exitCodes.failed;
  if (error.code === "usage") return exitCodes.usage;
  if (notConnected.includes(error.code)) return exitCodes.notConnected;
  if (error.code === "insufficient_credits" || error.code === "faucet_empty")
    return exitCodes.noCredits;
  return exitCodes.failed;
}

export interface Failure {
  code: ErrorCode;
  reason: string;
  /** What lies beneath, in the words of the system; absent where the reason says it all. */
  cause: string | undefined;
  /** One command to run next. */
  run: string;
}

/** What helps in most cases of a code; a command that knows better says so itself. */
const advice: Partial<Record<ErrorCode, string>> = {
  usage: "troop --help",
  port_taken: "troop <command> --port <another port>",
  key_file_invalid: "chmod 600 <the key file>, or choose another folder with --data",
  data_folder_locked: "troop status",
  data_folder_invalid: "troop <command> --data <a folder you can write to>",
  configuration_invalid: "troop <command> --help",
  coordinator_unreachable: "troop coordinator    (or give the right --coordinator URL)",
  no_nodes_available: "troop nodes",
  model_not_found: "troop models",
  engine_unavailable: "check the network, then run the same command again",
  engine_error: "troop status",
  model_invalid: "troop worker --model <a GGUF file>",
  insufficient_credits: "troop balance",
  faucet_empty: "troop balance",
  database_unreachable: "check DATABASE_URL, then run the same command again",
  account_unknown: "troop up    (the account is made when it first asks for a ticket)",
};

export function failureOf(error: unknown): Failure {
  const known = error instanceof TroopError;
  const code = known ? error.code : "internal_error";
  const message = error instanceof Error ? error.message : String(error);
  return {
    code,
    reason: message,
    cause: known ? causeOf(error.cause) : undefined,
    run:
      (known && typeof error.details.run === "string" ? error.details.run : undefined) ??
      advice[code] ??
      "troop status",
  };
}

/** The first cause that says something of its own. */
function causeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const nested = cause instanceof AggregateError ? cause.errors[0] : cause.cause;
  const text = cause.message || causeOf(nested);
  return text?.split("\n")[0];
}

export const failureLines = ({ code, reason, cause, run }: Failure): string[] => [
  `error: ${code}: ${reason}`,
  ...(cause && !reason.includes(cause) ? [`cause: ${cause}`] : []),
  `try:   ${run}`,
];
