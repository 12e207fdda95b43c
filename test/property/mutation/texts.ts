/** What somebody without the right key would send: a signed text with its signature, header or payload tampered with. */
import { createHmac } from "node:crypto";
import type { RawKey } from "./keys.ts";
import type { Draw } from "./payloads.ts";

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const flipped = (text: string, draw: Draw): string => {
  const at = draw(text.length);
  // Not the last character: its spare bits may change nothing.
  const index = Math.min(at, text.length - 2);
  const other = text[index] === "A" ? "Q" : "A";
  return text.slice(0, index) + other + text.slice(index + 1);
};

interface Forgery {
  /** Signed by the right key, untouched. */
  genuine: string;
  /** Another genuine statement of the same signer. */
  another: string;
  type: string;
  payload: string;
  signer: RawKey;
  stranger: RawKey;
}

type Forge = (forgery: Forgery, draw: Draw) => string | Promise<string>;

const parts = (jws: string) => jws.split(".") as [string, string, string];

const forgeries: readonly Forge[] = [
  ({ genuine }, draw) => {
    const [header, payload, signature] = parts(genuine);
    return [header, payload, flipped(signature, draw)].join(".");
  },
  ({ genuine }, draw) => {
    const [header, payload, signature] = parts(genuine);
    return [header, flipped(payload, draw), signature].join(".");
  },
  ({ genuine }, draw) => {
    const [header, payload, signature] = parts(genuine);
    return [flipped(header, draw), payload, signature].join(".");
  },
  // Another statement's payload under this one's signature.
  ({ genuine, another }) => {
    const [header, , signature] = parts(genuine);
    return [header, parts(another)[1], signature].join(".");
  },
  ({ genuine, type, signer }, draw) => {
    const alg = ["none", "HS256", "RS256", "ES256"][draw(4)];
    return [encode({ typ: type, alg, jwk: signer.jwk }), parts(genuine)[1], ""].join(".");
  },
  // The public key as a secret.
  ({ genuine, type, signer }) => {
    const text = `${encode({ typ: type, alg: "HS256", jwk: signer.jwk })}.${parts(genuine)[1]}`;
    return `${text}.${createHmac("sha256", JSON.stringify(signer.jwk)).update(text).digest("base64url")}`;
  },
  // A stranger's signature under the signer's name, and under its own.
  ({ type, payload, signer, stranger }) => stranger.sign(type, payload, { jwk: signer.jwk }),
  ({ type, payload, stranger }) => stranger.sign(type, payload),
  // Signed by the right key for another purpose.
  ({ payload, signer }, draw) =>
    signer.sign(["dpop+jwt", "troop-enrolment+jwt", "troop-ticket+jwt", "JWT"][draw(4)]!, payload),
  ({ genuine }, draw) => genuine.slice(0, draw(genuine.length - 1)),
  ({ genuine }, draw) => `${genuine}${[".", ".x", " \n.", "\u0000"][draw(4)]}`,
  (_forgery, draw) => ["", "..", "{}", "\ud83d\udc12", "a.b.c", "A".repeat(20_000)][draw(6)]!,
];

/** A text that must be refused whatever it says. */
export const forgedText = (forgery: Forgery, draw: Draw): Promise<string> =>
  Promise.resolve(forgeries[draw(forgeries.length)]!(forgery, draw));
