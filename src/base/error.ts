/** Errors that a program can act on: they carry a code from a closed set. Programmer's errors stay plain. */

export interface CodedErrorOptions {
  /** Name of the parameter at fault, where there is one. */
  param?: string;
  /** Facts for the caller that belong in the answer (never secrets, never echoed input). */
  details?: Readonly<Record<string, string | number>>;
  /** How long the caller should wait before it asks again. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** An expected failure. `code` is the contract; `message` is for people and may change. */
export class CodedError<Code extends string> extends Error {
  readonly code: Code;
  readonly param: string | undefined;
  readonly details: Readonly<Record<string, string | number>>;
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, message: string, options: CodedErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "CodedError";
    this.code = code;
    this.param = options.param;
    this.details = options.details ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A broken assumption of ours, never the caller's fault: it is logged and answered with a bare 500. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
