/** The way to a node: the best path that answers, another where nobody does. */
import type { Dispatcher } from "undici";
import { type Clock, deadline } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Peer } from "../../protocol/node.ts";
import { openStream, type OpenStream } from "./open-stream.ts";
import type { PathFinder } from "../paths/find-path.ts";
import type { Path, PathsTo } from "../paths/path.ts";
import type { Probe } from "../paths/probe.ts";
import { type PathWatch, watchPath } from "../paths/watch-path.ts";

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

/** The answer of whoever is at the path. */
export interface NodeStream extends OpenStream {
  /** That was not the node. @returns whether there is another path to it */
  distrust(): boolean;
}

/** @throws TroopError `node_unreachable`, only where nothing was sent */
export type Connect = (call: WorkerCall) => Promise<NodeStream>;

export interface ConnectParts {
  clock: Clock;
  dispatcher: Dispatcher;
  probe: Probe;
  pathsTo: PathsTo;
  paths: PathFinder;
}

/**
 * How long a connection may take where there is another path. A path that has died in silence costs a request this much,
 * once. One that is merely slow, as through a satellite, or after a packet was lost, is come back to when no other is left.
 */
const connectMs = 1_000;
const tooSlow = new TroopError("timeout", "No connection came about in time.");

export function createConnect(parts: ConnectParts): Connect {
  const { clock, dispatcher, probe, pathsTo, paths } = parts;
  return async ({ node, seal, signal }) => {
    const usable = pathsTo(node);
    const failed: Path[] = [];
    let slow: Path[] = [];
    let isPatient = false;
    for (;;) {
      if (slow.length > 0 && failed.length + slow.length === usable.length) {
        isPatient = true;
        slow = [];
      }
      const path = await paths.find(node.node_id, usable, [...failed, ...slow], signal);
      const hasOther = !isPatient && usable.length > failed.length + slow.length + 1;
      using limit = hasOther ? deadline(clock, connectMs, tooSlow) : undefined;
      const request = {
        ...{ origin: path.origin, path: `${path.prefix}/infer`, ...seal() },
        onBegin: () => limit?.[Symbol.dispose](),
      };
      // On this machine nothing is lost in silence, and without another path there is nothing to gain.
      const isWatched = usable.length > 1 && path.kind !== "loopback";
      const watch = isWatched ? watchPath({ clock, probe }, path, signal) : undefined;
      const watched = watch?.signal ?? signal;
      try {
        const stream = await openStream(
          dispatcher,
          request,
          limit ? AbortSignal.any([watched, limit.signal]) : watched,
        );
        if (stream.status === 200) paths.worked(node.node_id, path);
        const distrust = () => {
          paths.distrust(node.node_id, path);
          return usable.length > 1;
        };
        if (!watch) return { ...stream, distrust };
        const lost = () => paths.broke(node.node_id, path);
        return { ...stream, distrust, chunks: watchChunks(stream.chunks, watch, lost) };
      } catch (error) {
        watch?.[Symbol.dispose]();
        signal.throwIfAborted();
        paths.broke(node.node_id, path);
        if (error !== tooSlow && !isConnectFailure(error)) throw error;
        (error === tooSlow ? slow : failed).push(path);
      }
    }
  };
}

async function* watchChunks(
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

/** Nobody was there, or not who the certificate says. */
const connectFailures = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/**
 * True where no connection came about, so that not a byte of the request has left. That a host cannot be reached is
 * also said of a connection that had stood for a while: then somebody may have the request.
 */
function isConnectFailure(error: unknown): boolean {
  const { code, syscall, errors } = error as {
    code?: string;
    syscall?: string;
    errors?: unknown[];
  };
  // A name with several addresses fails with one error for each.
  if (errors?.length) return errors.every(isConnectFailure);
  return code !== undefined && (connectFailures.has(code) || syscall === "connect");
}
