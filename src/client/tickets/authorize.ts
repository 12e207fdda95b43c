/** Asks the coordinator for a ticket: choose node, open hold, sign; and checks what to seal its requests to. */
import { type Clock, sleep } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { backoffMs } from "../../base/retry.ts";
import type { CoordinatorClient } from "../../host/coordinator-client.ts";
import { formatCredits, type Micro } from "../../protocol/credits.ts";
import { authorizeAnswer, type AuthorizeRequest } from "../../protocol/endpoints.ts";
import { type ErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Peer } from "../../protocol/node.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import type { Sealings } from "../sealing/sealings.ts";
import { openTicket, type Ticket } from "./ticket.ts";

export interface AuthorizeParts {
  coordinator: CoordinatorClient;
  account: Signer;
  sealings: Sealings;
  clock: Clock;
  random: Random;
  maxBudget?: Micro | undefined;
}

export interface TicketWish {
  model: string;
  /** Without it the coordinator chooses. */
  node?: string | undefined;
  exclude: ReadonlySet<string>;
}

export interface Authorize {
  /** Opens a hold. */
  ticket(wish: TicketWish, signal: AbortSignal): Promise<Ticket>;
  /** Where the ticket's node is by now. The words that got the ticket find its hold again: no other is opened. */
  locate(ticket: Ticket, signal: AbortSignal): Promise<Peer>;
}

const attempts = 3;
const backoff = { firstMs: 250, ceilingMs: 2_000 };
/** `/authorize` accepts no more; the oldest failures are forgotten first. */
const excludedMost = 32;

/** Failures after which it is not known, or not lasting, that no ticket was made. */
const unanswered: ReadonlySet<ErrorCode> = new Set([
  "timeout",
  "coordinator_unreachable",
  "ledger_unavailable",
]);

export function createAuthorize(parts: AuthorizeParts): Authorize {
  const { coordinator, account, sealings, clock, random, maxBudget } = parts;

  const ask = (body: AuthorizeRequest, signal: AbortSignal) =>
    coordinator.call({
      ...{ method: "POST", path: "/authorize", body, answer: authorizeAnswer },
      ...{ signer: account, signal },
    });

  return {
    async ticket({ model, node, exclude }, signal) {
      const secrets = createSecretTree(random.bytes(limits.secretBytes));
      // Minted once: a repeat under the same id finds the hold that a lost answer had opened.
      const asked: AuthorizeRequest = {
        id: random.uuid(),
        model,
        ...(node ? { node } : {}),
        ...(exclude.size > 0 ? { exclude: [...exclude].slice(-excludedMost) } : {}),
        ...(maxBudget === undefined ? {} : { max_budget: formatCredits(maxBudget) }),
        anchor: secrets.anchor,
      };
      for (let attempt = 1; ; attempt += 1) {
        try {
          const answer = await ask(asked, signal);
          const { node_id, key_statement } = answer.node;
          if (node && node_id !== node) throw foreignTicket();
          const sealing = await sealings.begin(answer.ticket, node_id, key_statement);
          return openTicket(answer, asked, secrets, sealing);
        } catch (error) {
          const mayRepeat = error instanceof TroopError && unanswered.has(error.code);
          if (!mayRepeat || attempt === attempts) throw error;
          await sleep(clock, backoffMs(random, backoff, attempt), signal);
          signal.throwIfAborted();
        }
      }
    },
    async locate(ticket, signal) {
      const { hold, node } = await ask(ticket.asked, signal);
      if (hold !== ticket.hold || node.node_id !== ticket.node.node_id) throw foreignTicket();
      return node;
    },
  };
}

const foreignTicket = () =>
  new TroopError("invalid_ticket", "The coordinator's ticket is for another node.");
