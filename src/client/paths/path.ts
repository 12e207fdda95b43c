/** The ways to a node, best first: this machine, the mesh, an address of its own, a relay. Pure. */
import { addressKind } from "../../host/address-kind.ts";
import { type ListenAddress, readListenAddress, urlOf } from "../../host/listen.ts";
import type { Peer } from "../../protocol/node.ts";
import { isPlausibleAddress, isPlausibleRelay, type Surroundings } from "./plausible.ts";

export const pathKinds = ["loopback", "mesh", "direct", "relay"] as const;
export type PathKind = (typeof pathKinds)[number];

/** Where a request can be posted. */
export interface Path {
  kind: PathKind;
  /** `http://host:port`, without a trailing slash. */
  origin: string;
  /** What `/infer` is appended to: empty, or a relay's `/relay/<node_id>`. */
  prefix: string;
}

/** A coordinator may name many; whoever tried them all would be its tool. */
const pathsMost = 8;

type Reachable = Pick<Peer, "node_id" | "addresses" | "relay">;

/** In the order in which they are to be tried; what cannot be read, or is no place for a node, is left out. */
export type PathsTo = (node: Readonly<Reachable>) => readonly Path[];

/** @param surroundings as they are now; asked once for each ticket, which lives five minutes */
export function createPathsTo(surroundings: () => Surroundings): PathsTo {
  // A ticket's node is asked for with each of its requests, and its addresses take 5 µs each to read.
  const known = new WeakMap<Reachable, readonly Path[]>();
  return (node) => {
    const before = known.get(node);
    if (before) return before;
    const paths = readPaths(node, surroundings());
    known.set(node, paths);
    return paths;
  };
}

function readPaths(node: Reachable, surroundings: Surroundings): Path[] {
  const own = node.addresses.flatMap((text) => {
    const address = readListenAddress(text);
    if (!address || !isPlausibleAddress(address, surroundings)) return [];
    return [{ kind: kindOf(address), origin: urlOf(address), prefix: "" }];
  });
  const relayed = node.relay.flatMap((text) => relayPath(text, node.node_id, surroundings) ?? []);
  return [...own, ...relayed]
    .toSorted((left, right) => rank(left) - rank(right))
    .slice(0, pathsMost);
}

export const isSamePath = (left: Path, right: Path): boolean =>
  left.origin === right.origin && left.prefix === right.prefix;

const rank = ({ kind }: Path): number => pathKinds.indexOf(kind);

function kindOf({ host }: ListenAddress): PathKind {
  const kind = host === "localhost" ? "loopback" : addressKind(host);
  return kind === "loopback" || kind === "mesh" ? kind : "direct";
}

function relayPath(text: string, node: string, surroundings: Surroundings): Path | undefined {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) return undefined;
  if (!isPlausibleRelay(url, surroundings)) return undefined;
  const base = url.pathname.replace(/\/+$/, "");
  return { kind: "relay", origin: url.origin, prefix: `${base}/relay/${node}` };
}
