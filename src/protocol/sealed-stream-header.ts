/** What is said of a sealed request outside of it: which of the node's keys it is sealed to, which secret, which attempt. */
import { fromBase64url } from "./bytes.ts";
import { TroopError } from "./error-codes.ts";
import { type HpkeSuite, hpkeSuites } from "./hpke.ts";
import { limits } from "./limits.ts";
import { headers } from "./version.ts";

/** Which key, and how to get at the shared secret: the same for all requests under a ticket. */
export interface Encapsulation {
  /** Thumbprint of the node's key. */
  kid: string;
  suite: HpkeSuite;
  /** The client's ephemeral public key, base64url. */
  enc: string;
}

export interface SealedHeaders {
  encapsulation: Encapsulation;
  /** Number of the one-time secret. */
  k: number;
  /** 16 random bytes, base64url: no two attempts have the same. */
  attempt: string;
}

const suiteNames = new Map(
  Object.entries(hpkeSuites).map(([name, id]) => [String(id), name as HpkeSuite]),
);

/** `kid.suite.enc`; the suite is the AEAD's number in the registry of RFC 9180. */
export const formatEncapsulation = ({ kid, suite, enc }: Encapsulation): string =>
  `${kid}.${hpkeSuites[suite]}.${enc}`;

export const formatSealedHeaders = ({
  encapsulation,
  k,
  attempt,
}: SealedHeaders): Record<string, string> => ({
  [headers.encryption]: formatEncapsulation(encapsulation),
  [headers.index]: String(k),
  [headers.attempt]: attempt,
});

type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** @throws TroopError `invalid_value` with the header's name */
export function readSealedHeaders(request: HttpHeaders): SealedHeaders {
  return {
    encapsulation: readEncapsulation(request),
    k: readIndex(request),
    attempt: readAttempt(request),
  };
}

const invalid = (param: string) => new TroopError("invalid_value", undefined, { param });

function readEncapsulation(request: HttpHeaders): Encapsulation {
  const text = request[headers.encryption];
  const pattern = /^([A-Za-z0-9_-]{43})\.([1-9])\.([A-Za-z0-9_-]{43})$/;
  const [, kid = "", id = "", enc = ""] = (typeof text === "string" && pattern.exec(text)) || [];
  const suite = suiteNames.get(id);
  // One text for one value: what is kept under it is found again.
  if (!suite || !fromBase64url(kid) || !fromBase64url(enc)) throw invalid(headers.encryption);
  return { kid, suite, enc };
}

function readIndex(request: HttpHeaders): number {
  const text = request[headers.index];
  const k = typeof text === "string" && /^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : 0;
  if (k < 1 || k > limits.secretsPerTicket) throw invalid(headers.index);
  return k;
}

function readAttempt(request: HttpHeaders): string {
  const text = request[headers.attempt];
  if (typeof text !== "string" || fromBase64url(text)?.length !== limits.attemptBytes)
    throw invalid(headers.attempt);
  return text;
}
