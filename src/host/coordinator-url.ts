/** The coordinator's URL as worker and client accept it: https, except where nobody is in between. */
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import { addressKind, type AddressKind } from "./address-kind.ts";

/** Kind of place the URL names; a name that is no address counts as public. */
export function coordinatorKind(url: string): AddressKind {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return host === "localhost" ? "loopback" : (addressKind(host) ?? "public");
}

/**
 * Returns the URL without a trailing slash, as it is signed into proofs.
 * @throws TroopError `configuration_invalid`
 */
export function readCoordinatorUrl(text: string): string {
  const refuse = (reason: string) =>
    new TroopError("configuration_invalid", `The coordinator's URL ${reason}.`, {
      param: "COORDINATOR_URL",
    });
  const url = URL.parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol) || text.length > limits.urlCharacters)
    throw refuse("must look like https://coordinator.example");
  if (url.username || url.password || url.search || url.hash)
    throw refuse("must not hold a name, password, query or fragment");
  if (url.protocol === "http:" && coordinatorKind(url.href) === "public")
    throw refuse(
      "must begin with https:// unless it is on this machine, a private network or the mesh",
    );
  return url.href.replace(/\/+$/, "");
}
