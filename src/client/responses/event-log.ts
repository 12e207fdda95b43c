/** Events of an answer that runs on by itself: whoever follows it reads them from where they left off. */
import { TroopError } from "../../protocol/error-codes.ts";
import { responseLimits } from "./limits.ts";

export interface EventLog<Event extends object> {
  add(events: readonly Event[]): void;
  /** Nothing comes any more. */
  end(): void;
  /** Whether what follows `after` is still here: of a very long answer the beginning is dropped. */
  reaches(after: number): boolean;
  /**
   * The events behind `after`, those that are to come included, in groups as they come.
   * @param after sequence number of the last one that is known; -1: none
   * @throws the signal's reason; TroopError `stream_truncated` where some of them were dropped
   */
  follow(after: number, signal: AbortSignal): AsyncGenerator<Event[], void, void>;
}

export function createEventLog<Event extends { sequence_number: number }>(
  mostBytes: number = responseLimits.replayBytes,
): EventLog<Event> {
  const events: { event: Event; bytes: number }[] = [];
  let bytes = 0;
  let firstNumber = 0;
  let isOver = false;
  let news = Promise.withResolvers<void>();

  function tell(): void {
    news.resolve();
    news = Promise.withResolvers();
  }

  return {
    add(added) {
      for (const event of added) {
        const size = JSON.stringify(event).length;
        events.push({ event, bytes: size });
        bytes += size;
      }
      while (bytes > mostBytes && events.length > 1) {
        bytes -= events.shift()!.bytes;
        firstNumber = events[0]!.event.sequence_number;
      }
      tell();
    },
    end() {
      isOver = true;
      tell();
    },
    reaches: (after) => after + 1 >= firstNumber,
    async *follow(after, signal) {
      // It wakes the others too, who then wait on: a race against the signal would keep something of each event.
      signal.addEventListener("abort", tell, { once: true });
      try {
        for (let last = after; ;) {
          signal.throwIfAborted();
          // Numbers have no gaps. Of what was dropped before it was read there is nothing to tell.
          if (last + 1 < firstNumber) throw new TroopError("stream_truncated");
          const next = events.slice(last + 1 - firstNumber).map(({ event }) => event);
          if (next.length > 0) {
            last += next.length;
            yield next;
          } else if (isOver) return;
          else await news.promise;
        }
      } finally {
        signal.removeEventListener("abort", tell);
      }
    },
  };
}
