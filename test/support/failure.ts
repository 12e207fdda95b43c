/** How a command reports a failure: three lines on stderr, an object on stdout, an exit code. */
import { expect } from "vitest";
import { type Exit, lastObject } from "./processes.ts";

export interface ExpectedFailure {
  code: string;
  exit: number;
  /** In the reason or the cause. */
  says: RegExp;
  /** In the command to run. */
  run: RegExp;
}

interface Printed {
  error: { code: string; reason: string; cause: string; run: string };
}

/** Three lines on stderr and nothing that only a programmer reads; the same object as the last line of stdout. */
export function expectFailure(exit: Exit, { code, exit: status, says, run }: ExpectedFailure) {
  expect(exit).toMatchObject({ code: status, signal: null });
  const { error } = lastObject(exit) as Printed;
  expect(error.code).toBe(code);
  expect(`${error.reason} ${error.cause}`).toMatch(says);
  expect(error.run).toMatch(run);
  const lines = exit.stderr.trimEnd().split("\n");
  expect(lines.slice(-3)).toEqual([
    `error: ${code}: ${error.reason}`,
    `cause: ${error.cause}`,
    `try:   ${error.run}`,
  ]);
  // Before them only progress, which is for people too: no stack, no log.
  expect(exit.stderr).not.toMatch(/^\s+at |^\{|Error:|node:internal/m);
  expect(error.reason).not.toBe(error.cause);
  expect(error.run).not.toMatch(/<again>|<command>/);
}
