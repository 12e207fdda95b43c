/** Ends a test run's output with one line that a script can read: `12 passed, 0 failed`. */
import type { Reporter, TestModule, TestSuite } from "vitest/node";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface ClosingLineOptions {
  /** In CI nobody notices a skipped test, so there it counts as failed, and fails the run. */
  failSkipped: boolean;
}

export function closingLine({ failSkipped }: ClosingLineOptions): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const tally = count(modules, unhandledErrors.length);
      // Other reporters, and warnings at the end of the run, come before: this is to be the last line.
      process.once("exit", () => {
        if (failSkipped && tally.skipped > 0) process.exitCode = 1;
        process.stdout.write(`${sentence(tally, failSkipped)}\n`);
      });
    },
  };
}

/** Counts tests; whatever failed outside of a test (an import, a hook, a stray rejection) counts as one failure. */
export function count(modules: readonly TestModule[], unhandledErrors: number): Tally {
  const tally = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test still pending at the end was never finished: the run was cut short.
      tally[state === "pending" ? "failed" : state] += 1;
    }
    const suites: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
    tally.failed += suites.filter((suite) => suite.errors().length > 0).length;
  }
  return tally;
}

export function sentence({ passed, failed, skipped }: Tally, failSkipped: boolean): string {
  if (failSkipped) return `${passed} passed, ${failed + skipped} failed`;
  const skippedPart = skipped > 0 ? `, ${skipped} skipped` : "";
  return `${passed} passed, ${failed} failed${skippedPart}`;
}
