/**
 * Which addresses an image may be fetched from: those that are the same for everybody in the world. An application, or
 * the text that a model reads to it, names the image; it must not make the sidecar ask what only this machine can
 * reach. Pure.
 */
import { BlockList, isIP } from "node:net";
import { placeOf } from "../paths/plausible.ts";

/** What is given out to the world (RFC 4291); whatever wraps an IPv4 address is outside of it, but for 6to4. */
const worldIpv6 = new BlockList();
worldIpv6.addSubnet("2000::", 3, "ipv6");

/** Special-purpose registries of the IANA, as far as `placeOf` has no other word for them. */
const reserved = new BlockList();
for (const [network, prefix, family] of [
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.88.99.0", 24, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["2001::", 23, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["3fff::", 20, "ipv6"],
] as const)
  reserved.addSubnet(network, prefix, family);

/**
 * @param address as a resolver gives it, without brackets
 * @param networks of this machine's interfaces, as `address/prefix`: a neighbour is no stranger, public address or not
 */
export function isPublicAddress(address: string, networks: readonly string[]): boolean {
  const version = isIP(address);
  if (version === 0 || placeOf(address) !== "public") return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  if (version === 6 && !worldIpv6.check(address, family)) return false;
  return !reserved.check(address, family) && !own(networks).check(address, family);
}

function own(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [base = "", prefix] = network.split("/");
    list.addSubnet(base, Number(prefix), isIP(base) === 4 ? "ipv4" : "ipv6");
  }
  return list;
}
