/**
 * Whose call it is, also behind proxies. `X-Forwarded-For` is read from its right end, where the nearest proxy wrote,
 * and only as far to the left as proxies that the operator named wrote it: the rest is whatever the caller liked.
 */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv4 } from "node:net";
import { TLSSocket } from "node:tls";
import { z } from "zod";
import { addressKind, plainAddress } from "./address-kind.ts";
import { sourcePrefix } from "./source-prefix.ts";

export interface Source {
  /** IP address; undefined where the other end has gone already. */
  address: string | undefined;
  /** It came through somebody who is not named: who really calls is not known, and nobody is at home there. */
  isVeiled: boolean;
}

type Incoming = Pick<IncomingMessage, "socket" | "headers">;
export type SourceOf = (request: Incoming) => Source;
export type IsSecure = (request: Incoming) => boolean;

const isHere = (address: string) => addressKind(address) === "loopback";
const familyOf = (address: string) => (isIPv4(address) ? "ipv4" : "ipv6");

export interface ProxyOptions {
  /** The server is on a Unix socket: whoever the folder's mode lets open that is a proxy of ours, and none has an address. */
  isSocket?: boolean;
}

/** @param networks of proxies, as `trustedProxies` reads them */
export function createSourceOf(
  networks: readonly string[] = [],
  { isSocket = false }: ProxyOptions = {},
): SourceOf {
  const isNamed = namedProxies(networks);
  const isProxy = (address: string) => isSocket || isNamed(address);

  return ({ socket, headers }) => {
    const peer = isSocket ? "127.0.0.1" : socket.remoteAddress;
    if (peer === undefined) return { address: undefined, isVeiled: true };
    let address = readAddress(peer) ?? peer;
    const forwarded = [headers["x-forwarded-for"] ?? []].flat().join(",");
    const hops = forwarded === "" ? [] : forwarded.split(",");
    // RFC 7239's header is read by nobody here, but says as much: this is not the caller's own connection.
    const isForwarded = hops.length > 0 || headers["forwarded"] !== undefined;
    if (isIP(address) === 0 || !isProxy(address)) return { address, isVeiled: isForwarded };
    for (const hop of hops.toReversed()) {
      const next = readAddress(hop.trim());
      // A proxy that does not know, or does not say: from here on it speaks for all who come through it.
      if (next === undefined) return { address, isVeiled: true };
      address = next;
      if (!isNamed(address)) break;
    }
    // Nobody is at home here by what a header says: whoever is within a named network could say so.
    const isUnsure = hops.length === 0 ? isForwarded || isSocket : isHere(address);
    return { address, isVeiled: isUnsure };
  };
}

/** Whether a call came over TLS: to this process itself, or to a proxy that is named and says so. */
export function createIsSecure(
  networks: readonly string[] = [],
  { isSocket = false }: ProxyOptions = {},
): IsSecure {
  const isNamed = namedProxies(networks);
  return ({ socket, headers }) => {
    if (socket instanceof TLSSocket) return true;
    const peer = readAddress(socket.remoteAddress ?? "");
    const isProxy = isSocket || (peer !== undefined && isNamed(peer));
    return isProxy && headers["x-forwarded-proto"] === "https";
  };
}

function namedProxies(networks: readonly string[]): (address: string) => boolean {
  const proxies = new BlockList();
  for (const network of networks) addNetwork(proxies, network);
  return (address) => proxies.check(address, familyOf(address));
}

/** An address as proxies write it, with or without port and brackets; IPv4 within IPv6 as IPv4. */
function readAddress(text: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, "$1");
  const address = plainAddress(bare.replace(/%.*$/, ""));
  if (isIP(address) !== 6) return isIPv4(address) ? address : undefined;
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (high === undefined || low === undefined) return plain;
  const bytes = Buffer.from(high.padStart(4, "0") + low.padStart(4, "0"), "hex");
  return [...bytes].join(".");
}

/** The setting of that name: networks, separated by commas. */
export const trustedProxies = z
  .string()
  .default("")
  .transform((text, context) => {
    const networks = text.split(",").flatMap((part) => part.trim() || []);
    try {
      for (const network of networks) addNetwork(new BlockList(), network);
    } catch {
      context.addIssue("expected networks such as 127.0.0.1, 10.0.0.0/8");
    }
    return networks;
  });

/** @param network an address, or address/length. @throws where it is neither */
function addNetwork(list: BlockList, network: string): void {
  const [address = "", length, ...rest] = network.split("/");
  if (isIP(address) === 0 || rest.length > 0) throw new Error(`${network} is no network`);
  if (length === undefined) return list.addAddress(address, familyOf(address));
  if (!/^\d+$/.test(length)) throw new Error(`${length} is no length of a prefix`);
  list.addSubnet(address, Number(length), familyOf(address));
}

/**
 * What is counted together before anybody says who they are: a /24 or /64. Undefined for those whom a network of their
 * own let in, and for this machine.
 */
export const networkOf = ({ address = "", isVeiled }: Source): string | undefined =>
  sourcePrefix(address) ?? (isVeiled ? `through ${address}` : undefined);

/** As `networkOf`, for one caller: an IPv4 address; of IPv6, of which everybody has more than can be counted, a /64. */
export function originOf(source: Source): string | undefined {
  const network = networkOf(source);
  const isLone = network !== undefined && !source.isVeiled && isIPv4(source.address ?? "");
  return isLone ? source.address : network;
}

/** Somebody on this machine itself. */
export const isLocal = ({ address = "", isVeiled }: Source): boolean =>
  !isVeiled && isHere(address);
