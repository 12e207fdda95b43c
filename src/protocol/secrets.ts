/**
 * A ticket's one-time secrets: proof that its holder made a request, and evidence the worker can show.
 *
 * The client draws a seed and keeps it in memory. Secret k is x_k = HMAC-SHA256(seed, k); the 256 leaves
 * form a Merkle tree whose root, the *anchor*, the coordinator signs into the ticket. Request k reveals x_k
 * and its path. Numbers may be skipped and come in any order; one that was never revealed cannot be billed.
 * (A hash chain would be shorter, but x_6 would betray a refused x_5.)
 */
import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { fromBase64url, sha256, toBase64url } from "./bytes.ts";
import { limits } from "./limits.ts";
import { merkleLevels, merklePath, merkleRoot } from "./merkle.ts";

const hashText = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "32 bytes as base64url");
export const anchorText = hashText;
export const secretNumber = z.int().min(1).max(limits.secretsPerTicket);
export const secretText = hashText;
export const secretPath = z.array(hashText).length(limits.secretTreeDepth);

/** Secret `k` with its way to the anchor: siblings from leaf to root, base64url. */
export interface RevealedSecret {
  k: number;
  x: string;
  path: string[];
}

const numberBytes = (k: number): Uint8Array => Uint8Array.of(k >> 8, k & 0xff);
const leafLabel = Buffer.from("troop-leaf/1");
const leafOf = (k: number, x: Uint8Array) =>
  sha256(Buffer.concat([leafLabel, numberBytes(k), x], leafLabel.length + 2 + x.length));

export interface SecretTree {
  readonly anchor: string;
  reveal(k: number): RevealedSecret;
}

/** @param seed 32 random bytes; whoever has them can spend the ticket */
export function createSecretTree(seed: Uint8Array): SecretTree {
  // With the bare bytes each of the 256 calls would make a key of them anew, at five times the cost.
  const key = createSecretKey(seed);
  const secretOf = (k: number) => createHmac("sha256", key).update(numberBytes(k)).digest();
  const leaves = Array.from({ length: limits.secretsPerTicket }, (_, index) =>
    leafOf(index + 1, secretOf(index + 1)),
  );
  const levels = merkleLevels(Buffer.concat(leaves));
  return {
    anchor: toBase64url(levels.at(-1)!),
    reveal: (k) => ({
      k,
      x: toBase64url(secretOf(k)),
      path: merklePath(levels, k - 1).map(toBase64url),
    }),
  };
}

/** True where `x` is secret `k` of the tree with this anchor. */
export function isSecretOf(anchor: string, { k, x, path }: RevealedSecret): boolean {
  if (!Number.isInteger(k) || k < 1 || k > limits.secretsPerTicket) return false;
  if (path.length !== limits.secretTreeDepth) return false;
  const root = fromBase64url(anchor);
  const secret = fromBase64url(x);
  if (root?.length !== limits.secretBytes || secret?.length !== limits.secretBytes) return false;
  const siblings: Uint8Array[] = [];
  for (const text of path) {
    const sibling = fromBase64url(text);
    if (sibling?.length !== limits.secretBytes) return false;
    siblings.push(sibling);
  }
  return timingSafeEqual(merkleRoot(leafOf(k, secret), k - 1, siblings), root);
}
