/**
 * Responses that run on when whoever asked for them has left. Each is kept from its beginning, so that it can be
 * retrieved while it runs; its events stay for a while, for whoever comes back to follow it.
 */
import { boundedMap } from "../../base/bounded-map.ts";
import type { Clock } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { ResponseEvent, ResponseResource } from "../dialects/responses/items.ts";
import { drive, type DriveParts } from "./drive.ts";
import { createEventLog, type EventLog } from "./event-log.ts";
import { responseLimits } from "./limits.ts";
import type { Prepared } from "./prepare.ts";

export interface BackgroundRun {
  /** As it stands now. */
  resource(): ResponseResource;
  events: EventLog<ResponseEvent>;
  /** Ends the work on it; resolves when that is over. Nothing happens where it has ended. */
  cancel(): Promise<void>;
}

export interface Background {
  /** @throws TroopError `rate_limit_exceeded` */
  start(prepared: Prepared, requestId: string): BackgroundRun;
  /** One that runs, or has ended a short while ago. */
  find(id: string): BackgroundRun | undefined;
  /** When all that run have ended. */
  settled(): Promise<void>;
}

const retryMs = 10_000;

/** @param stop aborts when the sidecar stops: what runs then has failed */
export function createBackground(
  parts: DriveParts & { clock: Clock; stop: AbortSignal },
): Background {
  const { clock, stop, log } = parts;
  const running = new Map<string, { run: BackgroundRun; ended: Promise<void> }>();
  const over = boundedMap<string, BackgroundRun>(responseLimits.replaysMost);

  return {
    start(prepared, requestId) {
      if (running.size >= responseLimits.backgroundMost)
        throw new TroopError("rate_limit_exceeded", "Too many responses run in the background.", {
          retryAfterMs: retryMs,
        });
      const { id } = prepared;
      const teller = prepared.createTeller();
      const events = createEventLog<ResponseEvent>();
      const control = new AbortController();
      let isCancelled = false;
      events.add(teller.begin());

      async function work(): Promise<void> {
        const put = (told: ResponseEvent[]) => {
          events.add(told);
          return undefined;
        };
        const keep = () => prepared.keepChange(teller);
        const driven = await drive(parts, prepared, teller, put, keep, control.signal);
        if (driven.outcome === "failed") {
          if (isCancelled) teller.cancel();
          else events.add(teller.fail(driven.error, requestId));
          keep();
        }
        events.end();
      }

      const failed = (error: unknown) =>
        log.error({ err: error, response: id }, "a response failed");
      const end = () => control.abort(new TroopError("draining"));
      stop.addEventListener("abort", end);
      prepared.keep(teller);
      const run: BackgroundRun = {
        resource: teller.resource,
        events,
        async cancel() {
          isCancelled ||= running.has(id);
          control.abort(new TroopError("stream_truncated", "The response was cancelled."));
          await ended;
        },
      };
      const ended = work()
        .catch(failed)
        .finally(() => {
          stop.removeEventListener("abort", end);
          running.delete(id);
          over.set(id, run);
          clock.timer(responseLimits.replayMs, () => over.delete(id));
        });
      running.set(id, { run, ended });
      if (stop.aborted) end();
      return run;
    },
    find: (id) => running.get(id)?.run ?? over.get(id),
    async settled() {
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
