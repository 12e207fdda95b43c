/**
 * Checks openings in a thread of its own, one after the other: at the largest size a check takes an eighth of a
 * second, in which nobody else would be answered. The thread starts with the first check; one that failed or took
 * too long is ended, and the next check starts another.
 */
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Clock, deadline } from "../../../base/clock.ts";
import type { Random } from "../../../base/random.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import { limits } from "../../../protocol/limits.ts";
import type { MemoryClaim, MemoryVerdict } from "./check-memory.ts";
import type { Claim, Verdict } from "./check-opening.ts";

export type CheckRequest =
  { kind: "chain"; claim: Claim; vectorBytes: Uint8Array } | { kind: "memory"; claim: MemoryClaim };

export interface CheckThread extends AsyncDisposable {
  /**
   * @throws TroopError `rate_limit_exceeded` where too many wait already
   * @throws Error where the thread fails or does not answer in time: that is no verdict about the node
   */
  check(claim: Claim): Promise<Verdict>;
  /** As `check`. */
  checkMemory(claim: MemoryClaim): Promise<MemoryVerdict>;
}

/** Beside this file, with its extension: `.ts` from source, `.js` in `dist/`, since Node strips no types there. */
const workerFile = join(import.meta.dirname, `check-worker${extname(import.meta.filename)}`);

export function createCheckThread({
  clock,
  random,
}: {
  clock: Clock;
  random: Random;
}): CheckThread {
  let thread: Worker | undefined;
  let isClosed = false;
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  const end = async () => {
    const ending = thread;
    thread = undefined;
    await ending?.terminate();
  };
  const run = async <Answer>(request: CheckRequest): Promise<Answer> => {
    if (isClosed) throw ended();
    const late = new Error("the thread that checks proofs did not answer in time");
    using limit = deadline(clock, limits.proofCheckMs, late);
    // `execArgv` is not inherited: a test runner's loader is not for the thread. Whoever waits for an answer hears of
    // its errors; one that comes while nobody does is not to end this process.
    thread ??= new Worker(workerFile, { execArgv: [], env: {} }).on("error", () => undefined);
    try {
      return await answerOf<Answer>(thread, request, limit.signal);
    } catch (error) {
      await end();
      throw error;
    }
  };

  const inTurn = async <Answer>(request: CheckRequest): Promise<Answer> => {
    if (waiting >= limits.proofChecksWaiting)
      throw new TroopError("rate_limit_exceeded", "Too many proofs wait to be checked.");
    waiting += 1;
    try {
      const mine = last.then(() => run<Answer>(request));
      // Whose turn is next need not know how this one went.
      last = mine.catch(() => undefined);
      return await mine;
    } finally {
      waiting -= 1;
    }
  };

  return {
    check: (claim) => inTurn({ kind: "chain", claim, vectorBytes: random.bytes(4 * claim.task.n) }),
    checkMemory: (claim) => inTurn({ kind: "memory", claim }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await end();
    },
  };
}

const ended = () => new Error("the thread that checks proofs ended");

/** Only while it works does the thread keep the process alive. */
function answerOf<Answer>(
  thread: Worker,
  request: CheckRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const onExit = () => reject(ended());
  const onAbort = () => reject(signal.reason);
  thread.once("message", resolve).once("error", reject).once("exit", onExit);
  signal.addEventListener("abort", onAbort, { once: true });
  thread.ref();
  thread.postMessage(request);
  return promise.finally(() => {
    thread.unref();
    thread.off("message", resolve).off("error", reject).off("exit", onExit);
    signal.removeEventListener("abort", onAbort);
  });
}
