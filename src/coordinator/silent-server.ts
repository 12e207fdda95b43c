/**
 * Gives up a connection to PostgreSQL over which nothing comes any more: a server that vanishes says no goodbye, and TCP
 * would wait for it for a quarter of an hour, with the pool's connections.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { PoolClient, QueryConfig } from "pg";

const patience = new AsyncLocalStorage<true>();

/** Runs `work`, whose statements may take longer than any call's: the server is waited for as long as TCP does. */
export const patiently = <Result>(work: () => Result): Result => patience.run(true, work);

/** What the driver says when it has waited for so long; of the connection it has no more to say. */
const isSilence = (error: unknown): boolean =>
  error instanceof Error && error.message === "Query read timeout";

/** To be done with each new connection. @param silenceMs longer than the server lets any statement take */
export function endWhereSilent(client: PoolClient, silenceMs: number): void {
  const query = client.query.bind(client) as (...words: unknown[]) => Promise<unknown>;
  async function heard(statement: string | QueryConfig, values: unknown): Promise<unknown> {
    const config = typeof statement === "string" ? { text: statement, values } : statement;
    try {
      return await query({ ...config, query_timeout: silenceMs });
    } catch (error) {
      // The pool takes it back before the next one could get it.
      if (isSilence(error)) await cut(client);
      throw error;
    }
  }
  const timed = (...words: unknown[]) =>
    patience.getStore() || typeof words.at(-1) === "function"
      ? query(...words)
      : heard(words[0] as string | QueryConfig, words[1]);
  client.query = timed as typeof client.query;
}

async function cut(client: PoolClient): Promise<void> {
  // The driver's types do not speak of it.
  const { stream } = (client as PoolClient & { connection: { stream: Socket } }).connection;
  if (stream.destroyed) return;
  const closed = once(stream, "close");
  stream.destroy();
  await closed;
}
