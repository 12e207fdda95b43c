/** Takes in the worker's line, or its absence: judged, recorded, and queued for the coordinator in one step. */
import type { LocalDatabase } from "../../host/local-database.ts";
import type { Log } from "../../host/log.ts";
import type { Outbox } from "../../host/outbox.ts";
import { parseCredits } from "../../protocol/credits.ts";
import { type AcknowledgedLine, lineHash } from "../../protocol/receipt.ts";
import {
  type AnsweredObservation,
  boundsOf,
  type Judgement,
  judgeLine,
  mostCost,
  type Observation,
} from "./line-check.ts";
import type { RecordsStore } from "./records-store.ts";
import type { TicketUse } from "../tickets/tickets.ts";

export interface AcknowledgeParts {
  database: LocalDatabase;
  records: RecordsStore;
  outbox: Outbox;
  log: Log;
}

/** Names of other requests, `<hold>.<k>`: which one it repeats, and which one began the answer that it goes on with. */
export type Relation = Pick<AcknowledgedLine, "retry_of" | "continues" | "part">;

export interface Acknowledger {
  /** A line came. When this returns, the acknowledgement survives the process. */
  receive(use: TicketUse, line: unknown, seen: AnsweredObservation, relation?: Relation): Judgement;
  /**
   * No line came. Nothing is stated now: the record answers for it if the line turns up in the history.
   * @param isOwnDoing we hung up ourselves: what was made until then is owed
   */
  miss(use: TicketUse, seen: Observation, isOwnDoing: boolean): void;
  /**
   * The node refused, and says that it charges nothing. That is its word only, or that of somebody on the way: the
   * record stays, and contradicts a line that turns up all the same.
   * @param isNumberFree it did not keep the number either
   */
  spare(use: TicketUse, seen: Observation, isNumberFree: boolean): void;
}

export function createAcknowledger(parts: AcknowledgeParts): Acknowledger {
  const { database, records, outbox, log } = parts;

  const add = (hold: string, line: AcknowledgedLine) => outbox.add(hold, line);

  function store(use: TicketUse, judgement: Judgement, seen: Observation, relation: Relation) {
    const { hold } = use.ticket;
    const { k } = use.secret;
    if (judgement.verdict === "refused") {
      records.end(hold, k, { outcome: "refused", figures: boundsOf(seen) });
      return add(hold, { k, verdict: "refused", ...relation });
    }
    const { verdict, line, figures } = judgement;
    const hash = lineHash(line);
    records.end(hold, k, {
      outcome: verdict,
      lineHash: hash,
      cost: line.cost,
      figures,
    });
    add(hold, { k, verdict, line_hash: hash, ...figures, ...relation });
  }

  return {
    receive(use, received, seen, relation = {}) {
      const { ticket, secret } = use;
      const judgement = judgeLine(received, secret, ticket.rate, seen, ticket.tokensGrace);
      database.transaction(() => store(use, judgement, seen, relation));
      if (judgement.verdict === "refused") {
        use.finished(mostCost(seen, ticket.rate));
      } else {
        ticket.tokensGrace -= judgement.tokensGraceUsed;
        use.finished(parseCredits(judgement.line.cost));
      }
      if (judgement.verdict !== "ok") {
        const { verdict } = judgement;
        log.warn({ verdict, node: ticket.node.node_id, hold: ticket.hold, k: secret.k }, "line");
      }
      return judgement;
    },
    spare({ ticket, secret, finished, refused }, seen, isNumberFree) {
      records.end(ticket.hold, secret.k, { outcome: "no_line", figures: boundsOf(seen) });
      if (isNumberFree) refused();
      else finished(0n);
    },
    miss(use, seen, isOwnDoing) {
      const { ticket, secret } = use;
      const outcome = isOwnDoing ? "gone" : "no_line";
      records.end(ticket.hold, secret.k, { outcome, figures: boundsOf(seen) });
      use.finished(mostCost(seen, ticket.rate));
    },
  };
}
