/**
 * Lets a connection to PostgreSQL parse and plan each statement once. Ours are few and long, and their planning took
 * more of the server's time than running them.
 */
import type { PoolClient } from "pg";
import { boundedMap } from "../base/bounded-map.ts";

/** More texts than we have; where somebody makes texts up, the oldest are merely no longer remembered. */
const mostStatements = 500;
const names = boundedMap<string, string>(mostStatements);
let named = 0;

/** One name for a text, in every connection of this process. A name is never given to another text. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known) return known;
  named += 1;
  const name = `troop-${named}`;
  names.set(text, name);
  return name;
}

/** To be done with each new connection. Statements without parameters are left alone: DDL and `begin` gain nothing. */
export function prepareStatements(client: PoolClient): void {
  const query = client.query.bind(client) as (...words: unknown[]) => unknown;
  const prepared = (text: unknown, values: unknown, ...rest: unknown[]) =>
    typeof text === "string" && Array.isArray(values) && values.length > 0
      ? query({ name: nameOf(text), text, values }, ...rest)
      : query(text, values, ...rest);
  client.query = prepared as typeof client.query;
}
