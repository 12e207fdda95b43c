/**
 * The way to a node. Content is not sealed yet, so only addresses whose path is private by itself are used: this
 * machine's and the mesh's. Sealing goes into `sealFrame` and `openFrame` (protocol/sealed-stream.ts).
 */
import type { Dispatcher } from "undici";
import { addressKind } from "../host/address-kind.ts";
import { type ListenAddress, readListenAddress, urlOf } from "../host/listen.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Peer } from "../protocol/node.ts";
import { openStream, type OpenStream } from "./open-stream.ts";

export interface WorkerCall {
  node: Peer;
  headers: Record<string, string>;
  /** Wire bytes; made anew for each address that is tried. */
  body: () => Uint8Array | Iterable<Uint8Array>;
  signal: AbortSignal;
}

/** @throws TroopError `address_refused`, `node_unreachable`; both only where nothing was sent */
export type Connect = (call: WorkerCall) => Promise<OpenStream>;

/** Addresses that content may be sent to before it is sealed. */
export function usableAddresses(addresses: readonly string[]): ListenAddress[] {
  return addresses.flatMap((text) => {
    const address = readListenAddress(text);
    if (!address) return [];
    const kind = address.host === "localhost" ? "loopback" : addressKind(address.host);
    return kind === "loopback" || kind === "mesh" ? [address] : [];
  });
}

export function createConnect(dispatcher: Dispatcher): Connect {
  return async ({ node, headers, body, signal }) => {
    const addresses = usableAddresses(node.addresses);
    if (addresses.length === 0) throw new TroopError("address_refused");
    let cause: unknown;
    for (const address of addresses) {
      try {
        const path = "/infer";
        return await openStream(
          dispatcher,
          { origin: urlOf(address), path, headers, body: body() },
          signal,
        );
      } catch (error) {
        signal.throwIfAborted();
        if (!isConnectFailure(error)) throw error;
        cause = error;
      }
    }
    throw new TroopError("node_unreachable", undefined, { cause });
  };
}

const connectFailures = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** True where no connection came about, so that not a byte of the request has left. */
function isConnectFailure(error: unknown): boolean {
  const { code, errors } = error as { code?: string; errors?: unknown[] };
  // A name with several addresses fails with one error for each.
  return (code !== undefined && connectFailures.has(code)) || !!errors?.every(isConnectFailure);
}
