import { expect, test } from "vitest";
import { findProgram, runInFront } from "./program.ts";

const environment = { PATH: "/usr/bin:/bin" };
const sh = findProgram(environment, ["sh"])!;
const aborted = (name: string) => AbortSignal.abort(new Error(`received ${name}`));

test.each([
  ["SIGTERM", true, 143],
  ["SIGTERM", false, 143],
  ["SIGINT", false, 130],
  // The terminal has sent it already; twice would end programs that ask first.
  ["SIGINT", true, 7],
])("what we are told by %s (on a terminal: %s) is passed on once", async (name, isTTY, code) => {
  // Goes on until it is told, unless nobody is to tell it.
  const script = code === 7 ? "exit 7" : "exec sleep 1000";
  const options = { signal: aborted(name), isTTY };
  expect(await runInFront(sh, ["-c", script], environment, options)).toBe(code);
});

test("a program is one that may be run, in the first folder that has it", () => {
  expect(findProgram(environment, ["sh"])).toMatch(/\/sh$/);
  expect(findProgram(environment, ["no-such-program", "sh"])).toMatch(/\/sh$/);
  expect(findProgram({ PATH: "/etc" }, ["passwd"])).toBeUndefined();
  expect(findProgram({}, ["sh"])).toBeUndefined();
});
