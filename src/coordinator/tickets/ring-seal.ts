/** Seals keys before they go into the database: who reads the database alone cannot sign. */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from "node:crypto";
import type { Random } from "../../base/random.ts";
import { fromBase64url, toBase64url } from "../../protocol/bytes.ts";

export interface RingSeal {
  /** @param place that it is sealed for; elsewhere it does not open */
  seal(place: string, text: string): string;
  /** Undefined where it was sealed by another secret, for another place, or altered. */
  open(place: string, sealed: string): string | undefined;
}

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

export function createRingSeal(secret: string, random: Random): RingSeal {
  const key = createSecretKey(Buffer.from(hkdfSync("sha256", secret, "", "troop-key-ring/1", 32)));
  return {
    seal(place, text) {
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(place));
      const parts = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
      return toBase64url(Buffer.concat(parts));
    },
    open(place, sealed) {
      const bytes = fromBase64url(sealed);
      if (!bytes || bytes.length < nonceBytes + tagBytes) return undefined;
      const end = bytes.length - tagBytes;
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
        .setAAD(Buffer.from(place))
        .setAuthTag(bytes.subarray(end));
      try {
        return (
          decipher.update(bytes.subarray(nonceBytes, end), undefined, "utf8") +
          decipher.final("utf8")
        );
      } catch {
        return undefined;
      }
    },
  };
}
