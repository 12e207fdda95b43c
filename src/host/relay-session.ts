/** What both ends of a connection between worker and relay agree on: windows, and how a dead peer is noticed. */
import type { Http2Session, Settings } from "node:http2";
import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../protocol/limits.ts";

/** The protocol's name in the `Upgrade` header, and as WebSocket's subprotocol. */
export const relayProtocol = "troop-relay";
/** Where workers knock, on a relay as on a coordinator. */
export const relayPath = "/relay";

/**
 * For `http2.connect` and `http2.performServerHandshake`.
 * @param windowBytes what this end takes of one stream before it is read
 */
const sessionOptions = (windowBytes: number): { settings: Settings; maxSessionMemory: number } => ({
  settings: {
    enablePush: false,
    initialWindowSize: windowBytes,
    maxConcurrentStreams: limits.relayStreamsPerNode,
    maxHeaderListSize: limits.headerBytes,
  },
  // In MB. Its default of 10 refuses streams long before their number does.
  maxSessionMemory: 1_000,
});

export const relayEnd = sessionOptions(limits.relayAnswerWindowBytes);
export const workerEnd = sessionOptions(limits.relayRequestWindowBytes);

/** Widens the window that all streams share, and ends the session where the other side no longer answers. */
export function tend(session: Http2Session, clock: Clock): void {
  const widen = () => {
    if (!session.destroyed) session.setLocalWindowSize(limits.relayConnectionWindowBytes);
  };
  if (session.connecting) session.once("connect", widen);
  else widen();

  let timer: Timer | undefined;
  let isAnswered = true;
  const ping = () => {
    // Node cancels pings of a session that is ending; its last streams have five minutes all the same.
    if (session.destroyed || session.closed) return;
    if (!isAnswered) return session.destroy();
    isAnswered = false;
    session.ping((error) => {
      isAnswered = !error;
    });
    timer = clock.timer(limits.relayPingMs, ping);
  };
  timer = clock.timer(limits.relayPingMs, ping);
  session.once("close", () => timer?.cancel());
}
