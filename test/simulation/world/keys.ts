/**
 * Who signs and who checks. In most worlds a signature is a keyed hash, a hundred times as fast; in some it is the
 * real one, made in threads, of which the world runs one at a time so that it can be repeated.
 */
import { createHmac, createPrivateKey } from "node:crypto";
import type { Random } from "../../../src/base/random.ts";
import {
  type KeyRing,
  keyRingOf,
  makeTicketKey,
  readTicketKey,
} from "../../../src/coordinator/tickets/key-ring.ts";
import { toBase64url } from "../../../src/protocol/bytes.ts";
import { type ErrorCode, TroopError } from "../../../src/protocol/error-codes.ts";
import {
  createSigner,
  type PublicJwk,
  type SignedType,
  type Signer,
  thumbprintOf,
  verifier,
  type Verifier,
} from "../../../src/protocol/signature.ts";
import { ticketKeys, ticketType, type TicketKeys } from "../../../src/protocol/ticket.ts";
import type { Scheduler } from "./scheduler.ts";

export interface Keys {
  signer(): Promise<Signer>;
  readonly verifier: Verifier;
  readonly keyRing: KeyRing;
  readonly ticketKeys: TicketKeys;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const hashOf = (secret: string, text: string): string =>
  createHmac("sha256", secret).update(text).digest("base64url");

/** Signs as `header.payload.hash`, so that whatever only reads headers or payloads reads them. */
function writeHashed(header: object, payload: object, secret: string): string {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${hashOf(secret, text)}`;
}

const decode = (part: string | undefined): unknown =>
  JSON.parse(Buffer.from(part ?? "", "base64url").toString());

const isHashed = (text: string, secret: string): boolean => {
  const end = text.lastIndexOf(".");
  return hashOf(secret, text.slice(0, end)) === text.slice(end + 1);
};

/** What stands for a private key: whoever is handed the public one cannot make it without the world's secret. */
const secretOf = ({ x }: { x: string }): string => `the private half of ${x}`;

export function createHashedKeys(random: Random): Keys {
  const ticketSecret = toBase64url(random.bytes(32));
  const sign = (jwk: PublicJwk & { x: string }, typ: SignedType, payload: object) =>
    writeHashed({ typ, alg: "Ed25519", jwk }, payload, secretOf(jwk));
  return {
    async signer() {
      const x = toBase64url(random.bytes(32));
      const jwk = { kty: "OKP" as const, crv: "Ed25519" as const, x };
      return {
        jwk,
        id: thumbprintOf(jwk),
        sign: (type, payload) => Promise.resolve(sign(jwk, type, payload)),
      };
    },
    verifier: {
      async verify(jws: string, type: SignedType, refusal: ErrorCode) {
        const [header, payload] = jws.split(".");
        const { typ, jwk } = decode(header) as { typ: string; jwk: PublicJwk & { x: string } };
        if (typ !== type || !isHashed(jws, secretOf(jwk))) throw new TroopError(refusal);
        return { jwk, id: thumbprintOf(jwk), payload: decode(payload) };
      },
    },
    keyRing: {
      keySet: { keys: [] },
      pem: "",
      version: "hashed",
      sign: async (claims) => writeHashed({ typ: ticketType }, claims, ticketSecret),
      pseudonym: (account, node) => hashOf(ticketSecret, `${account} ${node}`),
    },
    ticketKeys: {
      async verify(token) {
        const [header, payload] = token.split(".");
        const { typ } = decode(header) as { typ: string };
        if (typ !== ticketType || !isHashed(token, ticketSecret))
          throw new TroopError("invalid_ticket");
        return decode(payload);
      },
    },
  };
}

/** PKCS #8 of an Ed25519 key, up to its 32 bytes (RFC 8410). */
const ed25519Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

export async function createRealKeys(random: Random, scheduler: Scheduler): Promise<Keys> {
  const key = await readTicketKey(await makeTicketKey());
  const keyRing = keyRingOf(key, [key], toBase64url(random.bytes(32)));
  const tickets = ticketKeys(keyRing.keySet);
  return {
    async signer() {
      const der = Buffer.concat([ed25519Prefix, random.bytes(32)]);
      const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
      const jwk = key.export({ format: "jwk" }) as PublicJwk & { d: string };
      const signer = await createSigner(jwk);
      const { sign } = signer;
      return { ...signer, sign: (type, payload) => scheduler.hold(() => sign(type, payload)) };
    },
    verifier: {
      verify: (jws, type, refusal) => scheduler.hold(() => verifier.verify(jws, type, refusal)),
    },
    keyRing: { ...keyRing, sign: (claims) => scheduler.hold(() => keyRing.sign(claims)) },
    ticketKeys: { verify: (token) => scheduler.hold(() => tickets.verify(token)) },
  };
}
