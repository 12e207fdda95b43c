/** What a test's requests are sealed with: one session a ticket, and an exchange for each try at a number. */
import { decodeJwt, decodeProtectedHeader } from "jose";
import { systemRandom } from "../../../src/base/random.ts";
import type { KeyStatementBody } from "../../../src/protocol/key-statement.ts";
import {
  createSealingSession,
  type SealedExchange,
  type SealingSession,
} from "../../../src/protocol/sealed-stream-session.ts";
import { type PublicJwk, thumbprintOf } from "../../../src/protocol/signature.ts";
import type { TestTicket } from "./coordinator-stub.ts";

type Part = "headers" | "request";

interface TicketExchanges {
  session: SealingSession;
  /** By number: the latest, and what of it the test has already sent. */
  latest: Map<number, { exchange: SealedExchange; used: Set<Part> }>;
}

const tickets = new WeakMap<TestTicket, TicketExchanges>();

function sessionOf({ token, statement }: TestTicket): SealingSession {
  const { hpke_public: publicKey, kid, boot } = decodeJwt<KeyStatementBody>(statement);
  const node = thumbprintOf(decodeProtectedHeader(statement).jwk as PublicJwk);
  const key = { kid, publicKey };
  return createSealingSession({ ticket: token, node, boot, key, random: systemRandom });
}

/** Headers and frames of one try belong together, in whichever order the test makes them; each is made once. */
export function exchangeFor(ticket: TestTicket, k: number, part: Part): SealedExchange {
  const known = tickets.get(ticket) ?? { session: sessionOf(ticket), latest: new Map() };
  tickets.set(ticket, known);
  const latest = known.latest.get(k);
  if (latest && !latest.used.has(part)) {
    latest.used.add(part);
    return latest.exchange;
  }
  const exchange = known.session.seal(k);
  known.latest.set(k, { exchange, used: new Set([part]) });
  return exchange;
}
