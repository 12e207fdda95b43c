/**
 * Keeps requesters apart in an engine's prefix cache: whoever shares one can tell, by how soon an answer begins, what
 * others have asked. The salt is made with a secret of this run, so that it says nothing of whom it stands for.
 */
import { createHmac } from "node:crypto";
import type { Random } from "../../base/random.ts";

/** @returns the salt of a requester, base64url, the same as long as the process lives */
export function createCacheSalts(random: Random): (requester: string) => string {
  let secret: Uint8Array | undefined;
  return (requester) => {
    secret ??= random.bytes(32);
    return createHmac("sha256", secret).update(requester).digest("base64url");
  };
}
