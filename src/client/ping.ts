/**
 * Asks a node whether it is there: a sealed request for nothing, which only the node itself can open and answer. It
 * costs nothing. A person asks by every path to it, routing by the one that requests take.
 */
import type { Dispatcher } from "undici";
import { type Clock, deadline } from "../base/clock.ts";
import { pingPath, readAnswerHead } from "../protocol/chat.ts";
import { type ErrorCode, TroopError } from "../protocol/error-codes.ts";
import type { OpenedFrame } from "../protocol/sealed-stream-cipher.ts";
import type { SealedExchange } from "../protocol/sealed-stream-session.ts";
import type { RevealedSecret } from "../protocol/secrets.ts";
import type { Connect } from "./call/connect.ts";
import { remedyFor } from "./course/failover.ts";
import { openStream, type OpenStream } from "./call/open-stream.ts";
import type { Path, PathsTo } from "./paths/path.ts";
import { readRefusal } from "./call/refusal.ts";
import type { ProbeNode } from "./routing/probes.ts";
import { callHeaders, headFrame } from "./call/sealed-call.ts";
import { takeSecret, type Ticket } from "./tickets/ticket.ts";
import type { Tickets, TicketUse } from "./tickets/tickets.ts";

export interface PathPing {
  kind: Path["kind"];
  /** Where it leads: an address, or a relay. */
  origin: string;
  /** From nothing to the answer, connection and all, ms; absent where there was none. */
  first_ms?: number;
  /** Over the connection that then stood, ms: of three the one in the middle. */
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
const roundTrips = 3;

const middle = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!;

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
      const again = [];
      for (let round = 0; round < roundTrips; round += 1) again.push(await pingOnce(path));
      pings.push({ ...named, first_ms: first, again_ms: middle(again) });
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
    const { exchange, call } = sealPing(ticket, secret);
    await readPong(
      await openStream(dispatcher, { origin, path: `${prefix}/infer`, ...call }, either),
      exchange,
    );
    return clock.monotonic() - begun;
  }
}

export interface ProbeNodeParts {
  tickets: Pick<Tickets, "all" | "unreachable">;
  connect: Connect;
  clock: Clock;
}

/** By a ticket that is at hand, and the way that a request would take. */
export function createProbeNode({ tickets, connect, clock }: ProbeNodeParts): ProbeNode {
  return async (node) => {
    const ticket = tickets.all().find((held) => held.node.node_id === node);
    if (!ticket) return "unknown";
    // Being asked this is no use of a ticket: one that nothing else keeps open lapses.
    const secret = takeSecret(ticket, ticket.lastUsedAt);
    using limit = deadline(clock, patienceMs, new TroopError("timeout"));
    let exchange!: SealedExchange;
    const seal = () => {
      const sealed = sealPing(ticket, secret);
      exchange = sealed.exchange;
      return sealed.call;
    };
    try {
      await readPong(await connect({ node: ticket.node, seal, signal: limit.signal }), exchange);
      return "there";
    } catch (error) {
      if (!(error instanceof TroopError)) return "gone";
      // It may be elsewhere by the next time.
      if (error.code === "node_unreachable") tickets.unreachable(ticket);
      // A refusal of this ticket, or of its key, comes from a node that is there.
      return isAnswer(error.code) ? "there" : "gone";
    } finally {
      ticket.running -= 1;
      ticket.returned.push(secret.k);
    }
  };
}

const isAnswer = (code: ErrorCode): boolean =>
  code !== "timeout" && remedyFor(code) !== "elsewhere";

function sealPing({ token, sealing }: Ticket, secret: RevealedSecret) {
  const exchange = sealing.session.seal(secret.k);
  const body = exchange.request.seal(headFrame(pingPath, secret), true);
  return { exchange, call: { headers: callHeaders(token, exchange), body } };
}

/** @throws TroopError where that is no answer of the node */
async function readPong(stream: OpenStream, { answer }: SealedExchange): Promise<void> {
  if (stream.status !== 200) throw await readRefusal(stream.status, stream.headers, stream.chunks);
  let first: OpenedFrame | undefined;
  // Whatever else it sends is not kept: nothing bounds it but our patience.
  for await (const chunks of stream.chunks)
    for (const chunk of chunks) for (const frame of answer.push(chunk)) first ??= frame;
  answer.end();
  const head = readAnswerHead(JSON.parse(Buffer.from(first!.bytes).toString()));
  if (head?.status !== 200)
    throw new TroopError("node_unreachable", `The node answered ${head?.status ?? "nothing"}.`);
}
