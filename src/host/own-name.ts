/** Whether a `Host` header names the machine that it was sent to. Pure. */
import { isIP } from "node:net";

const nameIn = (host: string): string | undefined =>
  /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host)?.[1]?.toLowerCase();

/**
 * Any port: containers and tunnels change it. Addresses are safe: DNS rebinding needs a name, one that its owner can
 * point anywhere.
 * @param alsoNames other names of this machine
 */
export function namesThisMachine(
  host: string | undefined,
  alsoNames: readonly (string | undefined)[] = [],
): boolean {
  const name = host === undefined ? undefined : nameIn(host);
  if (!name) return false;
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isIP(name.replace(/^\[|\]$/g, "")) !== 0 || alsoNames.includes(name);
}
