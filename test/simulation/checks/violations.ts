/** What must never be, and was. */

export interface Violation {
  /** Virtual time since the beginning, ms. */
  at: number;
  what: string;
}

export interface Violations {
  readonly all: readonly Violation[];
  add(what: string): void;
}

/** More say nothing new: the first one is the one to look at. */
const most = 5;

export function createViolations(elapsedMs: () => number): Violations {
  const all: Violation[] = [];
  return {
    all,
    add(what) {
      if (all.length < most) all.push({ at: elapsedMs(), what });
    },
  };
}
