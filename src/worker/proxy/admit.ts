/**
 * Admission, cheapest checks first, one code per refusal, never a call home. What is refused here is refused
 * as a plain HTTP error; from then on the answer is sealed (`serve.ts`).
 */
import type { IncomingHttpHeaders } from "node:http";
import { fromBase64url } from "../../protocol/bytes.ts";
import { type Head, headSchema, type InferencePath } from "../../protocol/chat.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { isSecretOf, type RevealedSecret } from "../../protocol/secrets.ts";
import { readStrictJson } from "../../protocol/strict-json.ts";
import { headers, sealedMediaType } from "../../protocol/version.ts";
import type { HoldAccount, HoldAccounts } from "../hold-accounts.ts";
import type { RequestFrames } from "./request-frames.ts";
import type { Ticket, Tickets } from "./tickets.ts";

const attemptBytes = 16;

export interface AdmitParts {
  tickets: Tickets;
  accounts: HoldAccounts;
}

/** What admission looks at: the outer headers, then the head frame. */
export interface AdmissionRequest {
  readonly headers: IncomingHttpHeaders;
  readonly frames: Pick<RequestFrames, "head">;
}

/** A request whose ticket is good and whose secret is proven; its body has not been read. */
export interface Admitted {
  ticket: Ticket;
  account: HoldAccount;
  secret: RevealedSecret;
  path: InferencePath;
  /** The request is refused after all: its number may be used again. */
  giveBack(): void;
}

/**
 * @throws TroopError `bad_framing`, `missing_ticket`, `unsupported_media_type`, `invalid_value`,
 *   `invalid_ticket`, `wrong_audience`, `ticket_expired`, `ticket_revoked`, `budget_exhausted`,
 *   `request_timeout`, `request_too_large`, `request_unproven`, `request_replayed`, and what `readStrictJson` refuses
 */
export async function admit(
  request: AdmissionRequest,
  { tickets, accounts }: AdmitParts,
): Promise<Admitted> {
  const { token, index } = readHeaders(request.headers);
  const ticket = await tickets.check(token);
  const account = accounts.open(ticket.claims.jti);
  try {
    if (!ticket.claims.own && account.isSpent(ticket.budget))
      throw new TroopError("budget_exhausted");
    const { path, k, x, proof } = readHead(await request.frames.head());
    const secret = { k, x, path: proof };
    if (k !== index)
      throw new TroopError("request_unproven", "The index and the head name different numbers.");
    if (!isSecretOf(ticket.claims.anchor, secret)) throw new TroopError("request_unproven");
    if (!account.take(k)) throw new TroopError("request_replayed");
    const giveBack = () => {
      account.giveBack(k);
      account.close();
    };
    return { ticket, account, secret, path, giveBack };
  } catch (error) {
    account.close();
    throw error;
  }
}

function readHeaders(request: IncomingHttpHeaders): { token: string; index: number } {
  // Node lets both pass; whoever stands before us may have believed the other one.
  if (request["transfer-encoding"] && request["content-length"])
    throw new TroopError("bad_framing");
  const [, token] = /^Bearer ([A-Za-z0-9._-]+)$/i.exec(request.authorization ?? "") ?? [];
  if (!token) throw new TroopError("missing_ticket");
  if (request["content-type"] !== sealedMediaType) throw new TroopError("unsupported_media_type");
  const index = request[headers.index];
  if (typeof index !== "string" || !/^[1-9][0-9]{0,2}$/.test(index))
    throw new TroopError("invalid_value", undefined, { param: headers.index });
  const attempt = request[headers.attempt];
  if (typeof attempt !== "string" || fromBase64url(attempt)?.length !== attemptBytes)
    throw new TroopError("invalid_value", undefined, { param: headers.attempt });
  return { token, index: Number(index) };
}

function readHead(bytes: Uint8Array): Head {
  const parsed = headSchema.safeParse(readStrictJson(bytes));
  if (parsed.success) return parsed.data;
  const param = parsed.error.issues[0]?.path.join(".");
  throw new TroopError("invalid_value", "The head is not of the expected shape.", {
    ...(param ? { param } : {}),
  });
}
