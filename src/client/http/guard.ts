/**
 * Who may use the sidecar. Every web page that the user visits can reach it, so what comes from a page is refused
 * unless its origin is allowed; a foreign `Host` betrays DNS rebinding. Pure.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { namesThisMachine } from "../../host/own-name.ts";
import { TroopError } from "../../protocol/error-codes.ts";

export interface GuardPolicy {
  /** Origins of web pages that may use the API, such as `http://localhost:3000`. */
  allowedOrigins: readonly string[];
  apiKey: string | undefined;
  /** Whose key it is, where it is one of those that applications are known by. */
  nameOf?(key: string): string | undefined;
}

/**
 * @returns the origin that is to be told so, where the request comes from an allowed web page
 * @throws TroopError `forbidden_origin`
 */
export function checkOrigin(headers: IncomingHttpHeaders, policy: GuardPolicy): string | undefined {
  const allowedNames = policy.allowedOrigins.map((origin) => URL.parse(origin)?.hostname);
  if (!namesThisMachine(headers.host, allowedNames)) {
    throw new TroopError("forbidden_origin", "The Host header does not name this machine.");
  }
  const { origin } = headers;
  if (origin !== undefined) {
    if (!policy.allowedOrigins.includes(origin)) throw new TroopError("forbidden_origin");
    return origin;
  }
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "none" && site !== "same-origin")
    throw new TroopError("forbidden_origin");
  return undefined;
}

/**
 * The key that is asked for, if any, or one that an application is known by: whoever has that was let in by name.
 * @returns the application's name, if it has one
 * @throws TroopError `invalid_api_key`
 */
export function checkApiKey(
  headers: IncomingHttpHeaders,
  { apiKey, nameOf }: GuardPolicy,
): string | undefined {
  const bearer = /^bearer +(.*)$/i.exec(headers.authorization ?? "")?.[1];
  const other = headers["x-api-key"];
  const given = [bearer, other].flatMap((key) => (typeof key === "string" ? [key.trim()] : []));
  const name = given.map((key) => nameOf?.(key)).find((known) => known !== undefined);
  if (name !== undefined || apiKey === undefined) return name;
  if (!given.some((key) => isEqual(key, apiKey))) throw new TroopError("invalid_api_key");
  return undefined;
}

/** Digests have one length, so that neither content nor length of the key shows in the time taken. */
const isEqual = (left: string, right: string) => timingSafeEqual(digest(left), digest(right));
const digest = (text: string) => createHash("sha256").update(text).digest();
