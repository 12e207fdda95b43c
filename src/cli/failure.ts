/** A failure as the command line shows it: one reason code, one cause, one command to run. */
import { errorCodes, TroopError, type ErrorCode } from "../protocol/error-codes.ts";
import { advice } from "./advice.ts";
import { typedCommand, type TypedCommand } from "./typed-command.ts";

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notConnected: 3,
  noCredits: 4,
  /** As a shell reports it for Ctrl-C: the command was told to stop before it was done. */
  interrupted: 130,
} as const;

const exitCodeByCode: Partial<Record<ErrorCode, number>> = {
  usage: exitCodes.usage,
  configuration_invalid: exitCodes.usage,
  coordinator_unreachable: exitCodes.notConnected,
  node_unreachable: exitCodes.notConnected,
  no_nodes_available: exitCodes.notConnected,
  ledger_unavailable: exitCodes.notConnected,
  database_unreachable: exitCodes.notConnected,
  timeout: exitCodes.notConnected,
  worker_not_running: exitCodes.notConnected,
  client_not_running: exitCodes.notConnected,
  insufficient_credits: exitCodes.noCredits,
  faucet_empty: exitCodes.noCredits,
  spending_cap: exitCodes.noCredits,
};

export const exitCodeOf = (error: unknown): number =>
  (error instanceof TroopError ? exitCodeByCode[error.code] : undefined) ?? exitCodes.failed;

/** Thrown by a command that has said all there is to say, and only has its exit code left to give. */
export class EndedWith extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.name = "EndedWith";
    this.exitCode = exitCode;
  }
}

export interface Failure {
  code: ErrorCode;
  reason: string;
  cause: string;
  /** One command to run next. */
  run: string;
}

/** Where a code's own sentence says it all. */
const nothingMore = "Nothing more is known of it.";

export function failureOf(error: unknown, typed: TypedCommand): Failure {
  const known = error instanceof TroopError;
  const code = known ? error.code : "internal_error";
  const message = known || error instanceof Error ? error.message : String(error);
  const beneath = known ? causeOf(error.cause) : undefined;
  const isPlain = !known || beneath === undefined || message.includes(beneath);
  const run = (known ? error.details.run : undefined) ?? advice[code];
  // Where nothing lies beneath, the code's own sentence is the reason, and what was said is the cause.
  const usual = known ? errorCodes[code].text : "Something broke on our side.";
  const said = message === usual ? nothingMore : message;
  return {
    code,
    reason: isPlain ? usual : message,
    cause: isPlain ? said : beneath,
    run: typedCommand(String(run), typed),
  };
}

/** The first cause that says something of its own, in one line. */
function causeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const issue = (cause as { issues?: { path: PropertyKey[]; message: string }[] }).issues?.[0];
  if (issue) return `"${issue.path.join(".")}": ${issue.message}`;
  const nested = cause instanceof AggregateError ? cause.errors[0] : cause.cause;
  const text = cause.message || causeOf(nested);
  return text?.split("\n")[0];
}

export const failureLines = ({ code, reason, cause, run }: Failure): string[] => [
  `error: ${code}: ${reason}`,
  ...(cause === nothingMore ? [] : [`cause: ${cause}`]),
  `try:   ${run}`,
];
