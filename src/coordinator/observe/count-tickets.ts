/** Counts what becomes of those who ask for a ticket. */
import type { Metrics } from "../../host/observe/metrics.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Issuer } from "../tickets/issue.ts";

export function countTickets(issuer: Issuer, metrics: Metrics): Issuer {
  const tickets = metrics.counter(
    "troop_tickets_total",
    "Tickets that were asked for, by outcome: `issued`, or the code of the refusal.",
  );
  return {
    ...issuer,
    async authorize(...asked) {
      let outcome = "issued";
      try {
        return await issuer.authorize(...asked);
      } catch (error) {
        outcome = error instanceof TroopError ? error.code : "internal_error";
        throw error;
      } finally {
        tickets.add({ outcome });
      }
    },
  };
}
