/**
 * Ends a call's statements in PostgreSQL when the call is over: otherwise one that waits for a lock would keep its
 * connection, and its own locks, long after anybody waits for it.
 */
import type { PoolClient } from "pg";
import { callSignal } from "./call-scope.ts";

/** Has the server end what a connection runs. @param processId of the connection, at the server */
export type CancelStatement = (processId: number) => Promise<void>;

/** A transaction ends in any case. */
const ending = /^\s*rollback/i;

/** To be done with each new connection. */
export function cancelWithCall(client: PoolClient, cancel: CancelStatement): void {
  const query = client.query.bind(client) as (...words: unknown[]) => Promise<unknown>;
  function cancellable(...words: unknown[]): Promise<unknown> {
    const signal = callSignal();
    const [text] = words;
    const isPlain = typeof words.at(-1) !== "function";
    if (!signal || !isPlain || (typeof text === "string" && ending.test(text)))
      return query(...words);
    return runUnder(signal, () => query(...words));
  }

  async function runUnder(signal: AbortSignal, run: () => Promise<unknown>): Promise<unknown> {
    signal.throwIfAborted();
    let cancelling: Promise<void> | undefined;
    const end = () => {
      // The driver has had it from the server; it is in no list of what is promised.
      const { processID } = client as PoolClient & { processID: number };
      cancelling = cancel(processID);
    };
    signal.addEventListener("abort", end, { once: true });
    try {
      return await run();
    } finally {
      signal.removeEventListener("abort", end);
      // Nobody may have the connection before: the next one's statement would be cancelled in its place.
      await cancelling;
    }
  }
  client.query = cancellable as typeof client.query;
}
