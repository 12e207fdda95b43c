/**
 * What really happened, as nobody in the world can know it: which secrets a client let out of its hands, which
 * requests reached an engine, and what the coordinator said of them in answers that arrived.
 */
import { parseCredits, type Micro } from "../../../src/protocol/credits.ts";
import { requestName } from "../../../src/protocol/ids.ts";
import type { StatementOutcome } from "../../../src/protocol/receipt.ts";
import type { TicketClaims } from "../../../src/protocol/ticket.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { Violations } from "./violations.ts";

/** A request on the wire: what its outer headers say, and who is being asked. */
export interface WireRequest {
  id: string;
  worker: string;
  token: string;
  k: number;
  /** Its client waits for the answer; otherwise somebody repeats what was on the wire. */
  isAsked: boolean;
}

export interface Run extends WireRequest {
  name: string;
  hold: string;
  /** True time at which the engine first got it. */
  at: number;
}

export interface Settlement {
  outcome: string;
  paid: Micro;
}

export interface Truth {
  /** A client sends its secret `k` of this ticket. */
  reveal(token: string, k: number): void;
  isRevealed(name: string): boolean;
  claimsOf(token: string): TicketClaims;
  /** A request reached a worker's door. */
  arrive(request: WireRequest): void;
  /** An engine was given what the request with this id asked. */
  run(id: string, node: string, isHonest: boolean): void;
  /** The coordinator's answer to a statement of a node has arrived there. */
  settled(outcome: StatementOutcome, isHonest: boolean): void;
  readonly runs: ReadonlyMap<string, Run>;
  readonly settlements: ReadonlyMap<string, Settlement>;
  /** Holds whose close was accepted, and since when their workers know, true time in ms. */
  readonly closes: ReadonlyMap<string, number>;
}

/** The worker knows the coordinator's clock to within the slowest answer that it takes, and in whole seconds. */
const clockErrorMs = 6_000;

export function createTruth(scheduler: Scheduler, violations: Violations): Truth {
  const claims = new Map<string, TicketClaims>();
  const revealed = new Set<string>();
  const arrived = new Map<string, WireRequest>();
  const runs = new Map<string, Run>();
  const settlements = new Map<string, Settlement>();
  const closes = new Map<string, number>();

  const claimsOf = (token: string): TicketClaims => {
    const known = claims.get(token);
    if (known) return known;
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    const read = JSON.parse(payload) as TicketClaims;
    claims.set(token, read);
    return read;
  };

  return {
    reveal(token, k) {
      const name = requestName(claimsOf(token).jti, k);
      revealed.add(name);
      if (runs.get(name)?.isAsked)
        violations.add(`${name} is asked again, and was admitted the first time`);
    },
    isRevealed: (name) => revealed.has(name),
    claimsOf,
    arrive: (request) => void arrived.set(request.id, request),
    run(id, node, isHonest) {
      const request = arrived.get(id);
      if (!request) return violations.add(`an engine of ${node} was asked what nobody sent`);
      const { jti, aud, exp } = claimsOf(request.token);
      const name = requestName(jti, request.k);
      const earlier = runs.get(name);
      // A worker may try its second engine.
      if (earlier?.id === id) return;
      if (!isHonest) return;
      if (earlier)
        return violations.add(
          `${name} was admitted twice, by ${earlier.worker} and ${request.worker}`,
        );
      runs.set(name, { ...request, name, hold: jti, at: scheduler.now });
      if (aud !== node)
        violations.add(`${name} was admitted by ${request.worker}, for which it was not meant`);
      if (!revealed.has(name)) violations.add(`${name} was admitted, and no client ever asked it`);
      if (scheduler.now > exp * 1_000 + clockErrorMs)
        violations.add(
          `${name} was admitted ${scheduler.now - exp * 1_000} ms after its ticket's end`,
        );
    },
    settled(outcome, isHonest) {
      if (outcome.status !== "accepted") return;
      // Only a close has no lines.
      if (outcome.lines.length === 0 && !closes.has(outcome.hold))
        closes.set(outcome.hold, scheduler.now);
      for (const { k, outcome: said, paid } of outcome.lines) {
        const name = requestName(outcome.hold, k);
        if (said === "request_unproven" || said === "receipt_conflict") {
          if (isHonest) violations.add(`the honest line of ${name} was answered "${said}"`);
          continue;
        }
        settlements.set(name, { outcome: said, paid: parseCredits(paid ?? "0.000000") });
      }
    },
    runs,
    settlements,
    closes,
  };
}
