/** The part of an address that one household, company or provider's customer has to itself. */
import { isIPv4 } from "node:net";
import { addressKind, plainAddress } from "./address-kind.ts";

const groupCount = 8;

/**
 * The address's /24 or /64, as text. Undefined for addresses that are not of the world: this machine, a mesh, a
 * private network, whose members somebody has let in already.
 */
export function sourcePrefix(address: string): string | undefined {
  if (addressKind(address) !== "public") return undefined;
  const plain = plainAddress(address);
  if (isIPv4(plain)) return `${plain.split(".").slice(0, 3).join(".")}.0/24`;
  return `${groupsOf(plain).slice(0, 4).join(":")}::/64`;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [head = "", tail] = address.split("::");
  const [left, right] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from(
    { length: Math.max(0, groupCount - left.length - right.length) },
    () => "0",
  );
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16).toString(16));
}
