/**
 * Finds a path to a node and remembers what worked. Where several may do, they are tried one after the other, each a
 * moment after the former, and the first that answers is used; a better one that answers later is used next time.
 */
import { boundedMap } from "../../base/bounded-map.ts";
import { type Clock, deadline, type Timer } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { backoffMs } from "../../base/retry.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { isSamePath, type Path } from "./path.ts";
import type { Probe } from "./probe.ts";

export interface PathFinder {
  /**
   * The path that the next request should take: one that is known is not asked first.
   * @param paths best first
   * @param failed those that this request has tried in vain
   * @throws TroopError `node_unreachable`; the reason of `signal`
   */
  find(
    node: string,
    paths: readonly Path[],
    failed: readonly Path[],
    signal: AbortSignal,
  ): Promise<Path>;
  /** The path was used and worked. */
  worked(node: string, path: Path): void;
  /** Nobody answered there. */
  broke(node: string, path: Path): void;
  /** Somebody answered there who is not the node: for a while the path is taken only where there is no other. */
  distrust(node: string, path: Path): void;
  /** What is remembered of a node. */
  last(node: string): Path | undefined;
}

export interface PathFinderParts {
  clock: Clock;
  random: Random;
  probe: Probe;
}

/** When better paths are looked for again. */
interface Look {
  failures: number;
  notBefore: number;
}

/** How long a path has to answer before the next one is tried beside it. */
const headStartMs = 300;
const probeMs = 5_000;
/** A better path that does not open is asked for ever less often: most that are closed stay closed. */
const lookAgain = { firstMs: 5_000, ceilingMs: 60_000 };
const nodesMost = 1_000;
const distrustMs = 300_000;
const nameOf = (node: string, { origin, prefix }: Path) => `${node} ${origin}${prefix}`;

export function createPathFinder({ clock, random, probe }: PathFinderParts): PathFinder {
  const memories = boundedMap<string, Path>(nodesMost);
  const looks = boundedMap<string, Look>(nodesMost);
  const distrustedUntil = boundedMap<string, number>(nodesMost);

  const isTrusted = (node: string) => (path: Path) =>
    (distrustedUntil.get(nameOf(node, path)) ?? 0) <= clock.monotonic();

  const remember = (node: string, path: Path) => memories.set(node, path);

  async function answers(path: Path, signal?: AbortSignal): Promise<void> {
    using limit = deadline(clock, probeMs, new TroopError("timeout"));
    await probe(path, signal ? AbortSignal.any([signal, limit.signal]) : limit.signal);
  }

  /** Looks, beside the request, whether a path better than the present one has opened. */
  function lookForBetter(node: string, better: readonly Path[]): void {
    const { failures, notBefore } = looks.get(node) ?? { failures: 0, notBefore: -Infinity };
    if (better.length === 0 || clock.monotonic() < notBefore) return;
    // Until this one is over.
    looks.set(node, { failures, notBefore: Infinity });
    const look = async () => {
      for (const path of better) {
        const isOpen = await answers(path).then(
          () => true,
          () => false,
        );
        if (!isOpen) continue;
        looks.delete(node);
        return remember(node, path);
      }
      const pauseMs = backoffMs(random, lookAgain, failures + 1);
      looks.set(node, { failures: failures + 1, notBefore: clock.monotonic() + pauseMs });
    };
    void look();
  }

  function broke(node: string, path: Path): void {
    const memory = memories.get(node);
    if (memory && isSamePath(memory, path)) memories.delete(node);
  }

  return {
    async find(node, paths, failed, signal) {
      const open = paths.filter((path) => !failed.some((other) => isSamePath(path, other)));
      const trusted = open.filter(isTrusted(node));
      const left = trusted.length > 0 ? trusted : open;
      const [only] = left;
      if (!only) throw new TroopError("node_unreachable");
      const memory = memories.get(node);
      const known = memory ? left.findIndex((path) => isSamePath(path, memory)) : -1;
      if (memory && known >= 0) {
        if (failed.length === 0) lookForBetter(node, left.slice(0, known));
        // However long ago it worked: a question beforehand would cost a round trip, and opening the request's own
        // connection asks the same.
        return left[known]!;
      }
      if (left.length === 1) return only;
      const winner = await race(clock, left, answers, signal);
      // Unless a better one was found beside it.
      if (memories.get(node) === memory) remember(node, winner);
      return winner;
    },
    worked(node, path) {
      const memory = memories.get(node);
      // While this request was under way a better one may have been found.
      if (!memory || isSamePath(memory, path)) remember(node, path);
    },
    distrust(node, path) {
      distrustedUntil.set(nameOf(node, path), clock.monotonic() + distrustMs);
      broke(node, path);
    },
    broke,
    last: (node) => memories.get(node),
  };
}

/** The first path that answers; each begins when the former has failed, or has had its head start. */
function race(
  clock: Clock,
  paths: readonly Path[],
  answers: (path: Path, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<Path> {
  const { promise, resolve, reject } = Promise.withResolvers<Path>();
  const stop = new AbortController();
  let begun = 0;
  let failures = 0;
  let timer: Timer | undefined;
  const begin = () => {
    timer?.cancel();
    const path = paths[begun];
    if (!path || stop.signal.aborted) return;
    begun += 1;
    timer = clock.timer(headStartMs, begin);
    answers(path, stop.signal).then(
      () => resolve(path),
      (cause: unknown) => {
        failures += 1;
        if (failures === paths.length)
          reject(new TroopError("node_unreachable", undefined, { cause }));
        begin();
      },
    );
  };
  const abort = () => reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  begin();
  return promise.finally(() => {
    timer?.cancel();
    signal.removeEventListener("abort", abort);
    stop.abort(new Error("another path answered"));
  });
}
