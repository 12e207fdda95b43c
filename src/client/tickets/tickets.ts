/**
 * One open ticket per node and model, renewed ahead of need: a request that finds one never waits for the
 * coordinator. The old ticket serves until the new one is there.
 */
import type { Clock, Timer } from "../../base/clock.ts";
import type { CoordinatorTime } from "../../host/coordinator-time.ts";
import type { Log } from "../../host/log.ts";
import { apart } from "../../host/observe/call.ts";
import { boundedMap } from "../../base/bounded-map.ts";
import type { Micro } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { RevealedSecret } from "../../protocol/secrets.ts";
import type { Authorize, TicketWish } from "./authorize.ts";
import { isDueForRenewal, isUsable, renewalCheckAt, takeSecret, type Ticket } from "./ticket.ts";

export interface TicketsParts {
  authorize: Authorize;
  clock: Clock;
  time: CoordinatorTime;
  log: Log;
}

/** One request under a ticket. Exactly one of the two endings is called. */
export interface TicketUse {
  ticket: Ticket;
  secret: RevealedSecret;
  /** Nothing was admitted: the number may be used again. */
  refused(): void;
  /** @param cost what was charged, or the most that may have been */
  finished(cost: Micro): void;
}

export interface Tickets extends Disposable {
  /** Usable tickets for a model. */
  warm(model: string): Ticket[];
  /** Makes sure that there is a warm ticket. Waiting ends with `signal`; asking does not. */
  ready(wish: TicketWish, signal: AbortSignal): Promise<void>;
  /** Takes a number of the warm ticket, or of a new one, for one request. */
  use(wish: TicketWish, signal: AbortSignal): Promise<TicketUse>;
  /** Forgets a ticket that its node no longer honours. */
  discard(ticket: Ticket): void;
  /** Nobody answered where the ticket says that its node is: the coordinator is asked where it is by now. */
  unreachable(ticket: Ticket): void;
  /** All that are usable. */
  all(): Ticket[];
}

/** Open tickets reserve credits; a client that talks to more nodes than this forgets the oldest. */
const ticketsMost = 64;
/** After a failed renewal the next try waits, while the old ticket still serves. */
const renewalPauseMs = 10_000;

/** Between two looks for a node that nobody reaches; each in vain doubles it. */
const lookAgainMs = { first: 1_000, most: 30_000 };

/** When a ticket's node was last looked for. */
interface Look {
  /** Monotonic, ms. */
  at: number;
  restMs: number;
  underway?: Promise<void>;
}

/** Many requests may have waited for the same ticket, so that its numbers are gone when the last of them looks. */
const rounds = 3;

const keyOf = (model: string, node: string) => `${node} ${model}`;

export function createTickets({ authorize, clock, time, log }: TicketsParts): Tickets {
  const open = boundedMap<string, Ticket>(ticketsMost);
  const asking = new Map<string, Promise<Ticket>>();
  const pausedUntil = boundedMap<string, number>(ticketsMost);
  const looks = new WeakMap<Ticket, Look>();
  const timers = new Set<Timer>();
  const stop = new AbortController();

  /** One question per node and model at a time, however many requests wait for its answer. */
  function ask(wish: TicketWish): Promise<Ticket> {
    const key = keyOf(wish.model, wish.node ?? `any but ${[...wish.exclude].join(" ")}`);
    const present = asking.get(key);
    if (present) return present;
    const answer = authorize
      .ticket(wish, stop.signal)
      .then((ticket) => {
        open.set(keyOf(ticket.model, ticket.node.node_id), ticket);
        looks.set(ticket, { at: clock.monotonic(), restMs: lookAgainMs.first });
        checkLater(ticket);
        return ticket;
      })
      .finally(() => asking.delete(key));
    asking.set(key, answer);
    return answer;
  }

  /** Costs nothing, as another ticket would: each holds credits. */
  async function locate(ticket: Ticket): Promise<void> {
    try {
      ticket.node = await authorize.locate(ticket, stop.signal);
    } catch (error) {
      if (!stop.signal.aborted) log.debug({ err: error, hold: ticket.hold }, "node not found");
    }
  }

  const isCurrent = (ticket: Ticket) =>
    open.get(keyOf(ticket.model, ticket.node.node_id)) === ticket;

  function renewIfDue(ticket: Ticket) {
    const key = keyOf(ticket.model, ticket.node.node_id);
    if (stop.signal.aborted || !isCurrent(ticket) || !isDueForRenewal(ticket, time.now())) return;
    if (clock.monotonic() < (pausedUntil.get(key) ?? 0)) return;
    const wish = { model: ticket.model, node: ticket.node.node_id, exclude: new Set<string>() };
    // It is for those who come later, not for the request that made it due.
    apart(() => ask(wish)).catch((error: unknown) => {
      pausedUntil.set(key, clock.monotonic() + renewalPauseMs);
      if (!stop.signal.aborted) log.warn({ err: error, node: wish.node }, "renewal failed");
    });
  }

  function checkLater(ticket: Ticket) {
    const timer = clock.timer(Math.max(0, renewalCheckAt(ticket) - time.now()), () => {
      timers.delete(timer);
      renewIfDue(ticket);
    });
    timers.add(timer);
  }

  function take(ticket: Ticket): TicketUse {
    const secret = takeSecret(ticket, time.now());
    renewIfDue(ticket);
    return {
      ticket,
      secret,
      refused() {
        ticket.running -= 1;
        ticket.returned.push(secret.k);
      },
      finished(cost) {
        looks.get(ticket)!.restMs = lookAgainMs.first;
        ticket.running -= 1;
        ticket.spent += cost;
        renewIfDue(ticket);
      },
    };
  }

  /** @param accept called in the same turn in which the ticket was seen to be usable */
  async function find<Result>(
    wish: TicketWish,
    signal: AbortSignal,
    accept: (ticket: Ticket) => Result,
  ): Promise<Result> {
    const atHand = () => (wish.node ? open.get(keyOf(wish.model, wish.node)) : undefined);
    const present = atHand();
    const look = present && looks.get(present)?.underway;
    if (look) await unlessAborted(look, signal);
    // Renewed or discarded meanwhile, perhaps.
    const warm = atHand();
    if (warm && isUsable(warm, time.now())) return accept(warm);
    for (let round = 1; round <= rounds; round += 1) {
      const ticket = await unlessAborted(ask(wish), signal);
      if (isUsable(ticket, time.now())) return accept(ticket);
    }
    throw new TroopError("invalid_ticket", "The coordinator's tickets cannot be used.");
  }

  return {
    warm: (model) =>
      [...open.values()].filter((ticket) => ticket.model === model && isUsable(ticket, time.now())),
    ready: (wish, signal) => find(wish, signal, () => undefined),
    use: (wish, signal) => find(wish, signal, take),
    discard(ticket) {
      if (isCurrent(ticket)) open.delete(keyOf(ticket.model, ticket.node.node_id));
    },
    unreachable(ticket) {
      const look = looks.get(ticket)!;
      const now = clock.monotonic();
      if (look.underway || now - look.at < look.restMs) return;
      look.at = now;
      look.restMs = Math.min(2 * look.restMs, lookAgainMs.most);
      look.underway = locate(ticket).finally(() => delete look.underway);
    },
    all: () => [...open.values()].filter((ticket) => isUsable(ticket, time.now())),
    [Symbol.dispose]() {
      stop.abort(new Error("the sidecar stops"));
      for (const timer of timers) timer.cancel();
    },
  };
}

/** Rejects as soon as `signal` aborts; the work goes on for others who wait for it. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
