/** Refuses requests whose framing or path two servers could read in two ways. Node accepts most of them by default. */
import type { IncomingMessage } from "node:http";
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";

/** Headers that decide where a request ends, for whom it is, or who sends it: more than one is a contradiction. */
const single = new Set([
  "host",
  "authorization",
  "content-length",
  "transfer-encoding",
  "content-type",
  "dpop",
]);

export interface FramingOptions {
  /** `%2f` may stand in a path: ids of models contain slashes. */
  allowsEncodedSlash: boolean;
}

/** @throws TroopError `bad_framing`, `headers_too_large`, `invalid_path`, `unsupported_media_type` */
export function checkFraming(
  { rawHeaders, url, httpVersion }: Pick<IncomingMessage, "rawHeaders" | "url" | "httpVersion">,
  options: FramingOptions = { allowsEncodedSlash: false },
): void {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") throw new TroopError("bad_framing");
  if (rawHeaders.length > 2 * limits.headerCount) throw new TroopError("headers_too_large");
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (single.has(name) && seen.has(name)) throw new TroopError("bad_framing");
    seen.add(name);
    if (name === "content-encoding" && rawHeaders[index + 1]?.toLowerCase() !== "identity")
      throw new TroopError("unsupported_media_type");
  }
  if (seen.has("content-length") && seen.has("transfer-encoding"))
    throw new TroopError("bad_framing");
  checkPath(url ?? "", options);
}

/** @param url as it stood in the request line */
function checkPath(url: string, { allowsEncodedSlash }: FramingOptions): void {
  // Absolute forms name a host of their own; we are no proxy.
  if (!url.startsWith("/")) throw new TroopError("bad_framing");
  const path = pathOf(url);
  const slash = allowsEncodedSlash ? /(?!)/ : /%2f/i;
  const isAmbiguous = /\/\/|\\|%5c|%00|(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path);
  if (isAmbiguous || slash.test(path) || !isDecodable(path)) throw new TroopError("invalid_path");
}

/** The path of a request line, without query, as it was sent. */
export const pathOf = (url: string): string => url.split("?", 1)[0]!;

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
