/**
 * Admission, cheapest checks first, one code per refusal, never a call home. What is refused here is refused
 * as a plain HTTP error; from then on the answer is sealed (`serve.ts`).
 */
import type { IncomingHttpHeaders } from "node:http";
import { type Head, headSchema, type InferencePath } from "../../protocol/chat.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { FrameOpener, FrameSealer } from "../../protocol/sealed-stream-cipher.ts";
import { readSealedHeaders, type SealedHeaders } from "../../protocol/sealed-stream-header.ts";
import { isSecretOf, type RevealedSecret } from "../../protocol/secrets.ts";
import { readStrictJson } from "../../protocol/strict-json.ts";
import { type TraceContext, unpackTrace } from "../../protocol/trace-context.ts";
import { sealedMediaType } from "../../protocol/version.ts";
import type { Guests } from "../guests/guests.ts";
import type { HoldAccount, HoldAccounts } from "../hold-accounts.ts";
import type { Sessions } from "../sealing/sessions.ts";
import type { RequestFrames, SealedRequest } from "./request-frames.ts";
import type { Ticket, Tickets } from "./tickets.ts";

export interface AdmitParts {
  tickets: Tickets;
  sessions: Sessions;
  accounts: HoldAccounts;
  guests: Pick<Guests, "check">;
}

/** What admission looks at: the outer headers, then the head frame. */
export interface AdmissionRequest {
  readonly headers: IncomingHttpHeaders;
  readonly request: Pick<SealedRequest, "open">;
}

/** A request whose ticket is good and whose secret is proven; its body has not been read. */
export interface Admitted<Path extends Head["path"] = InferencePath> {
  ticket: Ticket;
  account: HoldAccount;
  secret: RevealedSecret;
  path: Path;
  /** What follows the head. */
  frames: RequestFrames;
  /** What the request took on the wire. */
  request: Pick<FrameOpener, "wireHash">;
  /** For the answer. */
  sealer: FrameSealer;
  /** The request is refused after all: its number may be used again. */
  giveBack(): void;
  /** Undefined where the client does not trace. */
  trace: TraceContext | undefined;
}

/**
 * @throws TroopError `bad_framing`, `missing_ticket`, `unsupported_media_type`, `invalid_value`,
 *   `invalid_ticket`, `wrong_audience`, `ticket_expired`, `ticket_revoked`, `not_allowed`, `budget_exhausted`,
 *   `session_unknown`, `seal_broken`, `request_timeout`, `request_too_large`, `request_unproven`, `request_replayed`, and what `readStrictJson` refuses
 */
export async function admit(
  { headers, request: received }: AdmissionRequest,
  { tickets, sessions, accounts, guests }: AdmitParts,
): Promise<Admitted<Head["path"]>> {
  const { token, sealed } = readHeaders(headers);
  const ticket = await tickets.check(token);
  guests.check(ticket.claims);
  const account = accounts.open(ticket.claims.jti);
  try {
    if (!ticket.claims.own && account.isSpent(ticket.budget))
      throw new TroopError("budget_exhausted");
    const { exchange, keep } = sessions.open(token, ticket.claims.exp * 1_000, sealed);
    const frames = received.open(exchange.request);
    const { path, k, x, proof, of } = readHead(await frames.head());
    const secret = { k, x, path: proof };
    if (k !== sealed.k)
      throw new TroopError("request_unproven", "The index and the head name different numbers.");
    if (!isSecretOf(ticket.claims.anchor, secret)) throw new TroopError("request_unproven");
    keep();
    const sealer = exchange.claim();
    if (!account.take(k)) throw new TroopError("request_replayed");
    const giveBack = () => {
      account.giveBack(k);
      account.close();
    };
    const { request } = exchange;
    const trace = unpackTrace(of);
    return { trace, ticket, account, secret, path, frames, request, sealer, giveBack };
  } catch (error) {
    account.close();
    throw error;
  }
}

function readHeaders(request: IncomingHttpHeaders): { token: string; sealed: SealedHeaders } {
  // Node lets both pass; whoever stands before us may have believed the other one.
  if (request["transfer-encoding"] && request["content-length"])
    throw new TroopError("bad_framing");
  const [, token] = /^Bearer ([A-Za-z0-9._-]+)$/i.exec(request.authorization ?? "") ?? [];
  if (!token) throw new TroopError("missing_ticket");
  if (request["content-type"] !== sealedMediaType) throw new TroopError("unsupported_media_type");
  return { token, sealed: readSealedHeaders(request) };
}

function readHead(bytes: Uint8Array): Head {
  const parsed = headSchema.safeParse(readStrictJson(bytes));
  if (parsed.success) return parsed.data;
  const param = parsed.error.issues[0]?.path.join(".");
  throw new TroopError("invalid_value", "The head is not of the expected shape.", {
    ...(param ? { param } : {}),
  });
}
