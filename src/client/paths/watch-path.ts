/**
 * Notices that a path has died without a word. A network that swallows packets does not end connections: whoever only
 * waits, waits for minutes. Where nothing came for a while it is therefore asked whether anybody still answers there.
 */
import { type Clock, deadline, type Timer } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Path } from "./path.ts";
import type { Probe } from "./probe.ts";

export interface PathWatch extends Disposable {
  /** Aborts with `path_lost`, or as the request's own signal does. */
  readonly signal: AbortSignal;
  /** Something came. */
  touch(): void;
}

/** An engine that reads a long prompt says nothing either, so that silence alone means little. */
const silentMs = 2_000;
const answerMs = 2_000;
const nextLookMs = 5_000;
const failuresMost = 2;

export function watchPath(
  { clock, probe }: { clock: Clock; probe: Probe },
  path: Path,
  outer: AbortSignal,
): PathWatch {
  const lost = new AbortController();
  let touchedAt = clock.monotonic();
  let isOver = false;
  let failures = 0;
  let timer: Timer;

  const lookIn = (delayMs: number) => {
    timer = clock.timer(delayMs, () => void look());
  };
  async function look(): Promise<void> {
    const leftMs = touchedAt + silentMs - clock.monotonic();
    if (leftMs > 0) return lookIn(leftMs);
    using limit = deadline(clock, answerMs, new TroopError("timeout"));
    try {
      await probe(path, limit.signal);
      failures = 0;
      if (!isOver) lookIn(nextLookMs);
    } catch (cause) {
      failures += 1;
      if (isOver) return;
      // One may have been lost among much else, such as our own upload.
      if (failures < failuresMost) lookIn(silentMs);
      else lost.abort(new TroopError("path_lost", undefined, { cause }));
    }
  }
  lookIn(silentMs);
  return {
    signal: AbortSignal.any([outer, lost.signal]),
    touch() {
      touchedAt = clock.monotonic();
    },
    [Symbol.dispose]() {
      isOver = true;
      timer.cancel();
    },
  };
}
