/** What a worker's owner has earned in a world, and for how much work. */
import type { Tables } from "./ledger/tables.ts";

export interface Earnings {
  /** Requests of others that were answered to their end. */
  answered: number;
  /** Micro-credits that became the owner's. */
  earned: number;
  /** From admission to the end, of what it worked on for others, ms; what its engine broke or let hang is left out. */
  busyMs: number;
}

const wholeEnds: ReadonlySet<string> = new Set(["stop", "length", "tool_calls"]);
const failures: ReadonlySet<string> = new Set(["worker_error", "timeout"]);

export function earningsOf(tables: Tables, owner: string): Earnings {
  const earnings = { answered: 0, earned: 0, busyMs: 0 };
  for (const requests of tables.requests.values()) {
    for (const { account, payee, receipt, state, cost, shortfall, commons } of requests.values()) {
      if (payee !== owner || account === owner || !receipt) continue;
      if (failures.has(receipt.finish)) continue;
      earnings.busyMs += receipt.ended - receipt.started;
      if (wholeEnds.has(receipt.finish)) earnings.answered += 1;
      if (state === "settled") earnings.earned += Number(cost - shortfall - commons);
    }
  }
  return earnings;
}
