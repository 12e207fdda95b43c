/**
 * Where a client lets itself be sent. A node's addresses and relays are the coordinator's word, or the node's, and
 * whoever names one makes this machine open a connection to it and post bytes there. So a place is tried only where a
 * node could stand that this client was meant to reach. Pure; `docs/threat-model.md` says what is left.
 *
 *   loopback          only with a coordinator on this machine
 *   private, mesh     only with a coordinator that is no further away, or from within that very network
 *   public            always
 *   link-local, metadata services of clouds, IPv6 that wraps IPv4: never
 */
import { BlockList, isIP } from "node:net";
import { addressKind, type AddressKind } from "../../host/address-kind.ts";

export interface Surroundings {
  /** The user's own choice: the client talks to it in any case. */
  coordinatorUrl: string;
  /** What this machine's interfaces are in, as `address/prefix`. */
  networks: readonly string[];
}

export type Place = AddressKind | "never";

/** Below it are the ports of systems and their mail, shells and routers; no worker takes one without being told. */
const leastPort = 1_024;
const httpsPort = 443;

const never = new BlockList();
for (const [network, prefix, family] of [
  ["0.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  ["::", 96, "ipv6"],
  ["::ffff:0:0:0", 96, "ipv6"],
  ["64:ff9b::", 32, "ipv6"],
  ["2001::", 32, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["fe80::", 9, "ipv6"],
  ["ff00::", 8, "ipv6"],
] as const)
  never.addSubnet(network, prefix, family);
// Services that hand a cloud's machine its credentials, outside the link-local range: Alibaba, Azure, Oracle, AWS.
for (const address of ["100.100.100.200", "168.63.129.16", "192.0.0.192"])
  never.addAddress(address, "ipv4");
never.addAddress("fd00:ec2::254", "ipv6");

/** Names that only a local network resolves: RFC 6761, 6762, 8375, ICANN's `.internal`, and what routers use. */
const innerName = /^[^.]+$|\.(?:local|internal|localdomain|lan|intranet|home|corp|home\.arpa)$/;

const bare = (host: string) => host.replace(/^\[|\]$/g, "");

/** @param host an address, or a name as a URL holds it */
export function placeOf(host: string): Place {
  const name = bare(host).replace(/\.$/, "").toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost")) return "loopback";
  const version = isIP(name);
  if (version === 0) return innerName.test(name) ? "private" : "public";
  const kind = addressKind(name);
  // `::1` is within the addresses that once wrapped IPv4.
  if (kind === "loopback") return kind;
  return never.check(name, version === 4 ? "ipv4" : "ipv6") ? "never" : (kind ?? "never");
}

function isNear(host: string, { coordinatorUrl, networks }: Surroundings): boolean {
  const place = placeOf(host);
  const coordinator = placeOf(new URL(coordinatorUrl).hostname);
  switch (place) {
    case "never":
      return false;
    case "loopback":
      return coordinator === "loopback";
    case "mesh":
      // Its interface is a network of one address.
      return coordinator !== "public" || networks.some((network) => kindOf(network) === "mesh");
    case "private":
      return coordinator !== "public" || networks.some((network) => holds(network, host));
    case "public":
      return true;
    default:
      return place satisfies never;
  }
}

const kindOf = (network: string) => addressKind(network.split("/")[0]!);

/** Only of private networks: a provider's is shared with strangers. */
function holds(network: string, host: string): boolean {
  const address = bare(host);
  const [base = "", prefix] = network.split("/");
  const version = isIP(base);
  if (isIP(address) !== version || version === 0 || kindOf(network) !== "private") return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(base, Number(prefix), family);
  return list.check(address, family);
}

/** Whether a worker may be looked for there. */
export const isPlausibleAddress = (
  { host, port }: { host: string; port: number },
  surroundings: Surroundings,
): boolean => port >= leastPort && isNear(host, surroundings);

/**
 * Whether a relay may be. Where the client is in the world it must be https: what stands behind a name is not known
 * here, and nobody but a relay with that name's certificate gets to read as much as a request line.
 */
export function isPlausibleRelay(url: URL, surroundings: Surroundings): boolean {
  if (url.origin === new URL(surroundings.coordinatorUrl).origin) return true;
  if (!isNear(url.hostname, surroundings)) return false;
  const isOpen = url.protocol === "http:";
  const place = placeOf(url.hostname);
  // A name may lead anywhere, and so it must have a certificate.
  const isSure = place === "loopback" || (place !== "public" && isIP(bare(url.hostname)) !== 0);
  if (isOpen && !isSure) return false;
  const port = Number(url.port || (isOpen ? 80 : httpsPort));
  return port >= leastPort || (port === httpsPort && !isOpen);
}
