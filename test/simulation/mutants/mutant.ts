/** A planted bug: one place in production source, and what a careless engineer would have left there instead. */

export interface Mutant {
  readonly name: string;
  /** The bug in one sentence, as a careless engineer would write it. */
  readonly what: string;
  /** Under src/, as seen from the repository's root. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}
