/** Names of things. An id is derived from a key or minted by us; it is never something a caller may choose. */
import { z } from "zod";
import { sha256 } from "./bytes.ts";

/** RFC 7638 thumbprint: 32 bytes as base64url. */
export const thumbprintText = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "a key's SHA-256 thumbprint");
export const uuidText = z.uuid().toLowerCase();

/** `<hold>.<k>`: one request under a ticket. */
export const requestName = (hold: string, k: number): string => `${hold}.${k}`;

/** Our namespace for name-based UUIDs, itself random, fixed for ever. */
const namespace = Buffer.from("6f3f0f6c2a1b4e5c9d7e41a5b0c8d2e3", "hex");

/**
 * A name-based UUID as RFC 9562 §5.5 lays it out, over SHA-256 (version 8: version 5 prescribes SHA-1).
 * The same parts give the same id, so that a repeated call finds what the first one made.
 */
export function nameUuid(...parts: string[]): string {
  const bytes = Buffer.from(sha256(namespace, JSON.stringify(parts)).subarray(0, 16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
