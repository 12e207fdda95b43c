/** Where a relay is reached, as relays, coordinators and workers are told: under the rules of a coordinator's URL. */
import { TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import { readCoordinatorUrl } from "./coordinator-url.ts";

/**
 * Without a trailing slash: https, except on this machine, a private network or the mesh.
 * @param name of the setting it came from
 * @throws TroopError `configuration_invalid`
 */
export function readRelayUrl(name: string, text: string): string {
  try {
    return readCoordinatorUrl(text);
  } catch (error) {
    const reason = (error as Error).message.replace("The coordinator's URL ", "");
    throw invalid(name, reason);
  }
}

/** A list with commas. @throws TroopError `configuration_invalid` */
export function readRelayUrls(name: string, text: string): string[] {
  const urls = text.split(",").flatMap((part) => part.trim() || []);
  if (urls.length > limits.relaysPerNode)
    throw invalid(name, `may name ${limits.relaysPerNode} relays.`);
  return urls.map((url) => readRelayUrl(name, url));
}

const invalid = (name: string, reason: string) =>
  new TroopError("configuration_invalid", `${name} ${reason}`, { param: name });
