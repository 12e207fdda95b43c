/** The way to a node: the best path that answers, another where nobody does. */
import type { Dispatcher } from "undici";
import type { Peer } from "../protocol/node.ts";
import { openStream, type OpenStream } from "./open-stream.ts";
import type { PathFinder } from "./paths/find-path.ts";
import { type Path, pathsTo } from "./paths/path.ts";

export interface WorkerCall {
  node: Peer;
  /** Sealed anew for each path that is tried. */
  seal: () => SealedCall;
  signal: AbortSignal;
}

export interface SealedCall {
  headers: Record<string, string>;
  /** Wire bytes. */
  body: Uint8Array | Iterable<Uint8Array>;
}

/** @throws TroopError `node_unreachable`, only where nothing was sent */
export type Connect = (call: WorkerCall) => Promise<OpenStream>;

export interface ConnectParts {
  dispatcher: Dispatcher;
  paths: PathFinder;
}

export function createConnect({ dispatcher, paths }: ConnectParts): Connect {
  return async ({ node, seal, signal }) => {
    const usable = pathsTo(node);
    const failed: Path[] = [];
    for (;;) {
      const path = await paths.find(node.node_id, usable, failed, signal);
      const request = { origin: path.origin, path: `${path.prefix}/infer`, ...seal() };
      try {
        const stream = await openStream(dispatcher, request, signal);
        paths.worked(node.node_id, path);
        return stream;
      } catch (error) {
        signal.throwIfAborted();
        paths.broke(node.node_id, path);
        if (!isConnectFailure(error)) throw error;
        failed.push(path);
      }
    }
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
