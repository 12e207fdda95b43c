/** Tells a slow reader, who is waited for, from one who takes next to nothing, who is not. */
import type { Clock, Timer } from "../base/clock.ts";
import { limits } from "../protocol/limits.ts";

/** What is written to: an HTTP/1 response, or whatever stands for one. */
export interface ReaderEnd {
  /** Bytes written and not yet with the operating system, or the peer. */
  readonly writableLength: number;
  readonly socket?: object | null;
}

interface Progress {
  /** Of finished writes. */
  doneBytes: number;
  /** What the operating system has not taken yet of the write under way; 0 where none is. */
  leftBytes: number;
}

export interface ReaderProgress {
  /** From now on the reader must move; asked again, it begins anew. */
  expect(): void;
  cancel(): void;
}

/**
 * @param written how many bytes were written so far
 * @param onStall called where the reader took less than `slowReaderBytes` in `slowReaderMs`
 */
export function readerProgress(
  end: ReaderEnd,
  clock: Clock,
  written: () => number,
  onStall: () => void,
): ReaderProgress {
  let timer: Timer | undefined;
  const progress = (): Progress => ({
    doneBytes: written() - end.writableLength,
    leftBytes: bytesLeftOfWrite(end),
  });
  const expect = () => {
    const before = progress();
    timer?.cancel();
    timer = clock.timer(limits.slowReaderMs, () => {
      if (hasMoved(before, progress())) expect();
      else onStall();
    });
  };
  return { expect, cancel: () => timer?.cancel() };
}

/** How far a large write has come only the socket's handle shows. Node's own time-out, on the system's clock, looks there too. */
const bytesLeftOfWrite = ({ socket }: ReaderEnd): number =>
  (socket as { _handle?: { writeQueueSize?: number } | null } | null | undefined)?._handle
    ?.writeQueueSize ?? 0;

/** Also where a new write has begun, which it does only when there is none or the former is done. */
const hasMoved = (before: Progress, now: Progress): boolean =>
  now.doneBytes - before.doneBytes >= limits.slowReaderBytes ||
  before.leftBytes - now.leftBytes >= limits.slowReaderBytes ||
  now.leftBytes > before.leftBytes;
