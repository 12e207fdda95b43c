/** What kind of place an IP address is: this machine, a mesh, a private network, or the world. */
import { BlockList, isIP } from "node:net";

export type AddressKind = "loopback" | "mesh" | "private" | "public";

const blocks = (
  ...ranges: [network: string, prefix: number, family: "ipv4" | "ipv6"][]
): BlockList => {
  const list = new BlockList();
  for (const range of ranges) list.addSubnet(...range);
  return list;
};

const loopback = blocks(["127.0.0.0", 8, "ipv4"], ["::1", 128, "ipv6"]);
/** Addresses that Tailscale and Headscale hand out: RFC 6598 shared space and their own ULA prefix. */
const mesh = blocks(["100.64.0.0", 10, "ipv4"], ["fd7a:115c:a1e0::", 48, "ipv6"]);
const privateNetworks = blocks(
  ["10.0.0.0", 8, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
);

/** Undefined where `host` is not an IP address. `::ffff:a.b.c.d` counts as a.b.c.d. */
export function addressKind(host: string): AddressKind | undefined {
  const address = plainAddress(host);
  const version = isIP(address);
  if (version === 0) return undefined;
  const family = version === 4 ? "ipv4" : "ipv6";
  if (loopback.check(address, family)) return "loopback";
  if (mesh.check(address, family)) return "mesh";
  return privateNetworks.check(address, family) ? "private" : "public";
}

export const plainAddress = (host: string): string => host.replace(/^::ffff:(?=\d+\.)/i, "");
