/**
 * The workers that are connected: one HTTP/2 session each, in which the relay is the client. It always runs on a real
 * socket (`host/private-socket.ts` says why).
 */
import { type ClientHttp2Session, connect } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { relayEnd, tend } from "../host/relay-session.ts";

export interface Link {
  readonly node: string;
  readonly session: ClientHttp2Session;
  /** When its proof was made, ms. */
  readonly provenAt: number;
  /** Source prefix of the worker; undefined where it is not of the world. */
  readonly prefix: string | undefined;
  /** Streams under way. */
  streams: number;
}

export interface Links {
  readonly size: number;
  find(node: string): Link | undefined;
  /** How many come from a place. */
  from(prefix: string): number;
  /** A newer one takes the older one's place, whose streams end: its worker has given it up. */
  attach(link: Pick<Link, "node" | "provenAt" | "prefix">, socket: Socket): void;
  /** Tells workers to go elsewhere; streams go on. */
  retire(): void;
  /** Ends everything. */
  destroy(): void;
}

/** @param onChange called with a node that came or went */
export function createLinks(
  clock: Clock,
  onChange: (node: string, isHere: boolean) => void,
): Links {
  const byNode = new Map<string, Link>();
  const sockets = new Map<ClientHttp2Session, Socket>();
  return {
    get size() {
      return byNode.size;
    },
    find: (node) => byNode.get(node),
    from: (prefix) => [...byNode.values()].filter((link) => link.prefix === prefix).length,
    attach({ node, provenAt, prefix }, socket) {
      // Else a worker that dies leaves the connection half open, and its clients waiting for ever.
      socket.allowHalfOpen = false;
      socket.setTimeout(0).setNoDelay();
      const session = connect("http://worker", {
        ...relayEnd,
        createConnection: () => socket,
      });
      // "close" follows, and is what counts.
      session.on("error", () => undefined);
      const leave = () => {
        if (byNode.get(node)?.session !== session) return;
        byNode.delete(node);
        onChange(node, false);
      };
      session.once("close", () => {
        sockets.delete(session);
        socket.destroy();
        leave();
      });
      // A worker that stops asks for no new streams; those that run go on.
      session.once("goaway", leave);
      tend(session, clock);
      sockets.set(session, socket);
      const older = byNode.get(node);
      byNode.set(node, { node, session, provenAt, prefix, streams: 0 });
      older?.session.destroy();
      onChange(node, true);
    },
    retire() {
      for (const session of sockets.keys()) session.close();
    },
    destroy() {
      for (const [session, socket] of sockets) {
        session.destroy();
        // One that was told to end would wait for a worker that may have stopped reading.
        socket.destroy();
      }
    },
  };
}
