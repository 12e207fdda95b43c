/** How a worker ends: first the streams, then the receipts, then a last word to the coordinator. */
import { type Clock, deadline, sleep } from "../base/clock.ts";
import type { Log } from "../host/log.ts";
import type { Outbox } from "../host/outbox.ts";
import { limits } from "../protocol/limits.ts";
import type { Heartbeats } from "./heartbeat.ts";
import type { WorkerEvent } from "./lifecycle.ts";
import type { Exchanges } from "./proxy/exchanges.ts";

export interface StopParts {
  clock: Clock;
  log: Log;
  move: (event: WorkerEvent) => void;
  exchanges: Pick<Exchanges, "drained">;
  /** Ends running streams. */
  streams: AbortController;
  /** Ends the loops. */
  loops: AbortController;
  running: readonly Promise<void>[];
  outbox: Outbox;
  heartbeats: Heartbeats;
  /** Everything that was opened, closed last. */
  opened: AsyncDisposable;
}

/** Whoever stops a worker should not wait long for a coordinator that is away: the outbox keeps what is unsent. */
const farewellMs = 3_000;

/** Resolves once no request runs: by itself, or soon after 300 s or the abort of `signal`, whoever still reads. */
export async function drain(
  { clock, move, exchanges, streams }: StopParts,
  signal?: AbortSignal,
): Promise<void> {
  move("drain");
  using limit = deadline(clock, limits.drainMs, new Error("streams did not end in time"));
  const enough = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
  const over = new AbortController();
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>();
  const endStreams = () => {
    streams.abort(enough.reason);
    void sleep(clock, limits.lastFramesMs, over.signal).then(giveUp);
  };
  if (enough.aborted || streams.signal.aborted) endStreams();
  enough.addEventListener("abort", endStreams);
  await Promise.race([exchanges.drained(), givenUp]);
  enough.removeEventListener("abort", endStreams);
  over.abort();
}

/** Takes no new requests, for good, and resolves once none runs: each has a longest time of its own. */
export async function finish(
  move: StopParts["move"],
  exchanges: Pick<Exchanges, "drained">,
): Promise<void> {
  move("drain");
  await exchanges.drained();
}

export async function stop(parts: StopParts): Promise<void> {
  const { clock, log, move, loops, running, outbox, heartbeats, opened } = parts;
  await using _opened = opened;
  await drain(parts);
  move("stop");
  loops.abort(new Error("the worker stops"));
  await Promise.all(running);
  using limit = deadline(clock, farewellMs, new Error("the coordinator did not answer in time"));
  try {
    await outbox.deliver(limit.signal);
    await heartbeats.beat(limit.signal);
  } catch (error) {
    log.warn({ err: error, receipts_waiting: outbox.pending() }, "stopped without a farewell");
  }
}
