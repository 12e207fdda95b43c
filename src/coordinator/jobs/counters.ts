/** What the coordinator counts of its own work since it started. */

export interface Counters {
  /** Audits of the books that came to an end. */
  audits: number;
  /** Rows that broke an invariant, over all audits. */
  offences: number;
  /** Fits of the tariff that came to an end. */
  tariffFits: number;
}

export const createCounters = (): Counters => ({ audits: 0, offences: 0, tariffFits: 0 });
