/** Keys that sign whatever they are given: any header, any bytes. */
import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from "jose";
import { publicPartOf, thumbprintOf, type PublicJwk } from "../../../src/protocol/signature.ts";

export interface RawKey {
  id: string;
  jwk: PublicJwk;
  sign(type: string, payload: string, header?: object): Promise<string>;
}

export async function makeRawKey(): Promise<RawKey> {
  const { privateKey, publicKey } = await generateKeyPair("Ed25519", { extractable: true });
  const jwk = publicPartOf(await exportJWK(publicKey));
  return {
    id: thumbprintOf(jwk),
    jwk,
    sign: (typ, payload, header = {}) => signText(privateKey, payload, { typ, jwk, ...header }),
  };
}

const signText = (key: CryptoKey, payload: string, header: object) =>
  new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: "Ed25519", ...header }).sign(key);
