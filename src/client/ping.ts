/**
 * Asks a node whether it is there, by every path to it: a sealed request for nothing, which only the node itself can
 * open and answer. It costs nothing.
 */
import type { Dispatcher } from "undici";
import { type Clock, deadline } from "../base/clock.ts";
import { pingPath, readAnswerHead } from "../protocol/chat.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { OpenedFrame } from "../protocol/sealed-stream-cipher.ts";
import { openStream } from "./open-stream.ts";
import type { Path, PathsTo } from "./paths/path.ts";
import { readRefusal } from "./refusal.ts";
import { callHeaders, headFrame } from "./sealed-call.ts";
import type { TicketUse } from "./tickets.ts";

export interface PathPing {
  kind: Path["kind"];
  /** Where it leads: an address, or a relay. */
  origin: string;
  /** From nothing to the answer, connection and all, ms; absent where there was none. */
  first_ms?: number;
  /** Over the connection that then stood, ms. */
  again_ms?: number;
  /** Why there was no answer. */
  error?: string;
}

export interface PingParts {
  dispatcher: Dispatcher;
  clock: Clock;
  pathsTo: PathsTo;
}

const patienceMs = 5_000;

/** One path after the other, best first. @param use of a ticket for the node */
export async function pingAll(
  { ticket, secret }: Pick<TicketUse, "ticket" | "secret">,
  { dispatcher, clock, pathsTo }: PingParts,
  signal: AbortSignal,
): Promise<PathPing[]> {
  const pings: PathPing[] = [];
  for (const path of pathsTo(ticket.node)) {
    const named = { kind: path.kind, origin: path.origin };
    try {
      const first = await pingOnce(path);
      pings.push({ ...named, first_ms: first, again_ms: await pingOnce(path) });
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = error as { code?: string; message: string };
      pings.push({ ...named, error: code ?? message });
    }
  }
  return pings;

  async function pingOnce({ origin, prefix }: Path): Promise<number> {
    const begun = clock.monotonic();
    using limit = deadline(clock, patienceMs, new TroopError("timeout"));
    const either = AbortSignal.any([signal, limit.signal]);
    const exchange = ticket.sealing.session.seal(secret.k);
    const body = exchange.request.seal(headFrame(pingPath, secret), true);
    const headers = callHeaders(ticket.token, exchange);
    const request = { origin, path: `${prefix}/infer`, headers, body };
    const stream = await openStream(dispatcher, request, either);
    if (stream.status !== 200)
      throw await readRefusal(stream.status, stream.headers, stream.chunks);
    const frames: OpenedFrame[] = [];
    for await (const chunks of stream.chunks)
      for (const chunk of chunks) frames.push(...exchange.answer.push(chunk));
    exchange.answer.end();
    const [first] = frames;
    const head = readAnswerHead(JSON.parse(Buffer.from(first!.bytes).toString()));
    if (head?.status !== 200)
      throw new TroopError("node_unreachable", `The node answered ${head?.status ?? "nothing"}.`);
    return clock.monotonic() - begun;
  }
}
