/** The way to a node: the best path that answers, another where nobody does. */
import type { Dispatcher } from "undici";
import type { Clock } from "../base/clock.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Peer } from "../protocol/node.ts";
import { openStream, type OpenStream } from "./open-stream.ts";
import type { PathFinder } from "./paths/find-path.ts";
import { type Path, pathsTo } from "./paths/path.ts";
import type { Probe } from "./paths/probe.ts";
import { type PathWatch, watchPath } from "./paths/watch-path.ts";

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
  clock: Clock;
  dispatcher: Dispatcher;
  probe: Probe;
  paths: PathFinder;
}

export function createConnect({ clock, dispatcher, probe, paths }: ConnectParts): Connect {
  return async ({ node, seal, signal }) => {
    const usable = pathsTo(node);
    const failed: Path[] = [];
    for (;;) {
      const path = await paths.find(node.node_id, usable, failed, signal);
      const request = { origin: path.origin, path: `${path.prefix}/infer`, ...seal() };
      // On this machine nothing is lost in silence, and without another path there is nothing to gain.
      const isWatched = usable.length > 1 && path.kind !== "loopback";
      const watch = isWatched ? watchPath({ clock, probe }, path, signal) : undefined;
      try {
        const stream = await openStream(dispatcher, request, watch?.signal ?? signal);
        paths.worked(node.node_id, path);
        if (!watch) return stream;
        const lost = () => paths.broke(node.node_id, path);
        return { ...stream, chunks: watched(stream.chunks, watch, lost) };
      } catch (error) {
        watch?.[Symbol.dispose]();
        signal.throwIfAborted();
        paths.broke(node.node_id, path);
        if (!isConnectFailure(error)) throw error;
        failed.push(path);
      }
    }
  };
}

async function* watched(
  chunks: OpenStream["chunks"],
  watch: PathWatch,
  lost: () => void,
): AsyncGenerator<Uint8Array[]> {
  try {
    for await (const batch of chunks) {
      watch.touch();
      yield batch;
    }
  } catch (error) {
    if (error instanceof TroopError && error.code === "path_lost") lost();
    throw error;
  } finally {
    watch[Symbol.dispose]();
  }
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
