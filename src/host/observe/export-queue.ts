/**
 * What waits to be sent to a collector. It is bounded and never waited for: where the collector is slow or dead, what
 * comes is dropped and counted, and no request notices.
 */
import { type Clock, deadline, type Timer } from "../../base/clock.ts";
import { backoffMs } from "../../base/retry.ts";
import type { Random } from "../../base/random.ts";

/** `again`: the collector cannot take it now; `never`: it will not take this. */
export type Sent = "taken" | "again" | "never";

export interface ExportQueueParts<Item> {
  clock: Clock;
  random: Random;
  /** Never rejects but with the reason of `signal`. */
  send: (items: readonly Item[], signal: AbortSignal) => Promise<Sent>;
  /** Items that may wait. */
  most: number;
  /** Between two sendings. */
  delayMs: number;
  timeoutMs: number;
}

/** Disposing sends what is left, once, and takes no longer than a few seconds. */
export interface ExportQueue<Item> extends AsyncDisposable {
  add(item: Item): void;
  readonly dropped: number;
}

const late = new Error("the collector did not answer in time");
const batchMost = 512;
const farewellMs = 3_000;
const ceilingMs = 60_000;

export function createExportQueue<Item>(parts: ExportQueueParts<Item>): ExportQueue<Item> {
  const { clock, random, send, most, delayMs, timeoutMs } = parts;
  let waiting: Item[] = [];
  let dropped = 0;
  let failures = 0;
  let timer: Timer | undefined;
  let sending: Promise<void> | undefined;
  let hasEnded = false;
  const stop = new AbortController();

  async function sendBatch(): Promise<void> {
    const batch = waiting.slice(0, batchMost);
    using limit = deadline(clock, timeoutMs, late);
    const signal = AbortSignal.any([limit.signal, stop.signal]);
    const sent = await send(batch, signal).catch((): Sent => "again");
    failures = sent === "again" ? failures + 1 : 0;
    if (sent === "again") return;
    waiting = waiting.slice(batch.length);
    if (sent === "never") dropped += batch.length;
  }

  function sendLater(): void {
    if (timer || sending || hasEnded || waiting.length === 0) return;
    const isFull = waiting.length >= batchMost && failures === 0;
    const backoff = { firstMs: delayMs, ceilingMs: Math.max(delayMs, ceilingMs) };
    const pauseMs = failures > 0 ? backoffMs(random, backoff, failures) : isFull ? 0 : delayMs;
    timer = clock.timer(pauseMs, () => {
      timer = undefined;
      sending = sendBatch().finally(() => {
        sending = undefined;
        sendLater();
      });
    });
  }

  return {
    add(item) {
      if (waiting.length >= most || hasEnded) {
        dropped += 1;
        return;
      }
      waiting.push(item);
      if (waiting.length === batchMost && failures === 0) {
        timer?.cancel();
        timer = undefined;
      }
      sendLater();
    },
    get dropped() {
      return dropped;
    },
    async [Symbol.asyncDispose]() {
      hasEnded = true;
      timer?.cancel();
      using farewell = deadline(clock, farewellMs, late);
      farewell.signal.addEventListener("abort", () => stop.abort(late));
      await sending;
      failures = 0;
      while (waiting.length > 0 && failures === 0) await sendBatch();
    },
  };
}
